// Matrices of few bits in a safetensors file: written and read again to the bit, and damaged ones refused.
#include "checkpoint/quantized_tensor.hpp"

#include <doctest/doctest.h>

#include "checkpoint/files.hpp"
#include "checkpoint/safetensors.hpp"
#include "tensor/random.hpp"

using namespace nightingale;
using namespace nightingale::test;

namespace {

Quantized drawn(Precision precision, std::int64_t rows, std::int64_t columns) {
  Random random(1);
  std::vector<float> numbers(static_cast<std::size_t>(rows * columns));
  random.normal(numbers);
  return quantized(numbers, layout_of(precision, rows, columns));
}

}  // namespace

TEST_CASE("matrices_of_few_bits_are_read_as_they_were_written") {
  const TemporaryFolder folder;
  const std::string path = folder / "few.safetensors";
  const Quantized eight = drawn(Precision::int8, 20, 70), four = drawn(Precision::int4, 33, 64);
  QuantizedTensors matrices;
  const std::vector<StoredTensor> tensors{matrices.add("eight", eight), matrices.add("four", four)};
  write_safetensors(path, tensors, {matrices.metadata()});

  const TensorFile file = read_safetensors(path);
  for (const auto& [name, matrix] : {std::pair{"eight", &eight}, std::pair{"four", &four}}) {
    CAPTURE(name);
    const StoredTensor* tensor = file.find(name);
    REQUIRE(tensor);
    CHECK(tensor->shape == std::vector{matrix->layout.rows, matrix->layout.columns});
    CHECK(name_of(tensor->type) == name_of(matrix->layout.precision));
    CHECK(to_float(*tensor) == dequantized(matrix->view()));
    const std::optional<QuantizedView> view = quantized_view(*tensor);
    REQUIRE(view);
    CHECK(std::equal(matrix->numbers.begin(), matrix->numbers.end(), view->numbers));
    CHECK(std::equal(matrix->minima.begin(), matrix->minima.end(), view->minima));
    CHECK(reinterpret_cast<std::uintptr_t>(tensor->bytes.data()) % 64 == 0);
  }
}

TEST_CASE("damaged_matrices_of_few_bits_are_refused") {
  const TemporaryFolder folder;
  const std::string path = folder / "few.safetensors";
  const Quantized matrix = drawn(Precision::int8, 20, 70);
  const auto write = [&](const std::string& text) {
    QuantizedTensors matrices;
    const std::vector<StoredTensor> tensors{matrices.add("eight", matrix)};
    write_safetensors(path, tensors, {{"nightingale.quantized", text}});
  };
  const char* whole = R"({"eight": {"precision": "int8", "shape": [20, 70], "group": 64}})";
  write(whole);
  CHECK_NOTHROW(read_safetensors(path));
  struct Case {
    const char* text;
    const char* found;
  };
  for (const Case& c :
       {Case{R"({"nine": {"precision": "int8", "shape": [20, 70], "group": 64}})", "no tensor of this name"},
        {R"({"eight": {"precision": "int3", "shape": [20, 70], "group": 64}})", "the unknown precision"},
        {R"({"eight": {"precision": "int8", "shape": [20], "group": 64}})", "no [row, column]"},
        {R"({"eight": {"precision": "int8", "shape": [20, 70], "group": 7}})", "no multiple of 8"},
        {R"({"eight": {"precision": "int8", "shape": [20, 70], "group": 0}})", "no multiple of 8"},
        {R"({"eight": {"precision": "int8", "shape": [9999999999, 70], "group": 64}})", "no [row, column]"},
        {R"({"eight": {"precision": "int8", "shape": [200, 70], "group": 64}})",
         "bytes, where int8 [200, 70] takes"},
        {R"({"eight": {"precision": "int8"}})", "without exactly precision, shape and group"},
        {R"({"eight": 3})", "without exactly precision, shape and group"}}) {
    CAPTURE(c.text);
    write(c.text);
    const Error error = error_of([&] { read_safetensors(path); });
    REQUIRE(error.facts.size() == 1);
    CHECK(error.facts[0].found.find(c.found) != std::string::npos);
  }
  write("nonsense");
  CHECK(refusal_of(folder, [&] { read_safetensors(path); }).find("nightingale.quantized") !=
        std::string::npos);
}

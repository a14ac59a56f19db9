// .npy files, and the readers of values that all formats share.
#include "checkpoint/npy.hpp"

#include <cmath>
#include <limits>

#include "checkpoint/files.hpp"

using namespace nightingale;
using namespace nightingale::test;

namespace {

std::string npy(const std::string& header, const std::string& data, char version = 1) {
  std::string length = bytes_of(static_cast<std::uint32_t>(header.size()));
  if (version == 1) length.resize(2);
  return std::string("\x93NUMPY") + version + '\0' + length + header + data;
}

std::string header(const std::string& descr, const std::string& shape, const std::string& order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
}

StoredTensor read(const TemporaryFolder& folder, const std::string& bytes) {
  const TensorFile file = read_npy(folder.write("array.npy", bytes));
  REQUIRE(file.tensors().size() == 1);
  return file.tensors()[0];
}

std::string refusal(const std::string& bytes) {
  const TemporaryFolder folder;
  const std::string path = folder.write("array.npy", bytes);
  return refusal_of(folder, [&] { read_npy(path); });
}

// The values of an array with one element of this type.
template <typename Number>
double only_value(const std::string& descr, Number number) {
  const TemporaryFolder folder;
  const TensorFile file = read_npy(folder.write("array.npy", npy(header(descr, "(1,)"), bytes_of(number))));
  return to_double(file.tensors()[0]).at(0);
}

// A tensor of one value, for the readers of values.
template <typename Number>
StoredTensor single(StoredType type, const Number& number) {
  return {"x", type, {1}, false, std::as_bytes(std::span(&number, 1))};
}

template <typename Call>
std::string sentence_of(Call&& call) {
  return error_of(call).sentence;
}

}  // namespace

TEST_CASE("npy_reads_every_type") {
  CHECK(only_value("<f8", 1.25) == 1.25);
  CHECK(only_value("<f4", -1.5f) == -1.5);
  CHECK(only_value("<f2", std::uint16_t{0x3e00}) == 1.5);
  CHECK(only_value("<i8", std::int64_t{-7}) == -7);
  CHECK(only_value("<i4", std::int32_t{-7}) == -7);
  CHECK(only_value("<i2", std::int16_t{-7}) == -7);
  CHECK(only_value("|i1", std::int8_t{-7}) == -7);
  CHECK(only_value("<i1", std::int8_t{-7}) == -7);
  CHECK(only_value("|u1", std::uint8_t{200}) == 200);
  CHECK(only_value("|b1", std::uint8_t{1}) == 1);
}

TEST_CASE("npy_reads_all_versions_shapes_and_spellings") {
  const std::string data = bytes_of(std::vector<float>{1, 2, 3, 4, 5, 6});
  for (const char version : {'\x01', '\x02', '\x03'}) {
    const TemporaryFolder folder;
    const TensorFile file =
        read_npy(folder.write("step6_mu.npy", npy(header("<f4", "(2, 3)"), data, version)));
    CHECK(file.tensors()[0].name == "step6_mu");
    CHECK(file.tensors()[0].shape == std::vector<std::int64_t>{2, 3});
    CHECK(to_float(file.tensors()[0]) == std::vector<float>{1, 2, 3, 4, 5, 6});
  }
  const TemporaryFolder folder;
  CHECK(read(folder, npy(header("<f4", "()"), bytes_of(7.f))).shape.empty());
  CHECK(read(folder, npy(header("<f4", "(0, 3)"), "")).shape == std::vector<std::int64_t>{0, 3});
  CHECK(read(folder, npy(R"({"shape":(6,),"descr":"<f4","fortran_order":False})"
                         "   \n",
                         data))
            .element_count() == 6);
}

TEST_CASE("npy_turns_fortran_order_into_c_order") {
  // A [2, 3] array whose element (i, j) is 10 i + j: its columns lie one after the other.
  const TemporaryFolder folder;
  const std::string data = bytes_of(std::vector<std::int32_t>{0, 10, 1, 11, 2, 12});
  const TensorFile file = read_npy(folder.write("a.npy", npy(header("<i4", "(2, 3)", "True"), data)));
  CHECK(file.tensors()[0].fortran_order);
  CHECK(to_integers(file.tensors()[0]) == std::vector<std::int64_t>{0, 1, 2, 10, 11, 12});

  // Three axes that all differ: element (i, j, k) of [2, 3, 4] is 100 i + 10 j + k.
  std::vector<float> turned, plain;
  for (int k = 0; k < 4; ++k)
    for (int j = 0; j < 3; ++j)
      for (int i = 0; i < 2; ++i) turned.push_back(static_cast<float>(100 * i + 10 * j + k));
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 4; ++k) plain.push_back(static_cast<float>(100 * i + 10 * j + k));
  const TensorFile cube =
      read_npy(folder.write("b.npy", npy(header("<f4", "(2, 3, 4)", "True"), bytes_of(turned))));
  CHECK(to_float(cube.tensors()[0]) == plain);
}

TEST_CASE("npy_survives_writing_and_reading") {
  const TemporaryFolder folder;
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  for (const std::vector<std::int64_t>& shape : {std::vector<std::int64_t>{6}, {2, 3}, {1, 6, 1}}) {
    for (const bool fortran : {false, true}) {
      const StoredTensor tensor = {"x", StoredType::f32, shape, fortran, std::as_bytes(std::span(values))};
      write_npy(folder / "x.npy", tensor);
      const TensorFile file = read_npy(folder / "x.npy");
      CHECK(file.tensors()[0].shape == shape);
      CHECK(to_float(file.tensors()[0]) == to_float(tensor));
    }
  }
  CHECK(content_of(folder / "x.npy").find('\n') % 64 == 63);
  write_npy(folder / "scalar.npy",
            {"x", StoredType::f32, {}, false, std::as_bytes(std::span(values)).first(4)});
  CHECK(read_npy(folder / "scalar.npy").tensors()[0].shape.empty());
  const StoredTensor brain = {"x", StoredType::bf16, {2}, false, std::as_bytes(std::span(values)).first(4)};
  CHECK(sentence_of([&] { write_npy(folder / "x.npy", brain); }) ==
        "tensor x is BF16, which NumPy does not have");
}

TEST_CASE("npy_refuses_types_it_does_not_read") {
  CHECK(refusal(npy(header(">f4", "(1,)"), "....")) == "array.npy: the array is big-endian ('>f4')");
  CHECK(refusal(npy(header("<c8", "(1,)"), "........")) == "array.npy: the array's type '<c8' is not known");
  CHECK(refusal(npy(header("|O", "(1,)"), "........")) == "array.npy: the array's type '|O' is not known");
  CHECK(refusal(npy(header("<u4", "(1,)"), "....")) == "array.npy: the array's type '<u4' is not known");
  CHECK(refusal(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "....")) ==
        "array.npy: the array has named fields; only plain arrays can be read");
}

TEST_CASE("npy_refuses_a_length_that_is_not_the_shape") {
  CHECK(refusal(npy(header("<f4", "(3,)"), "........")) ==
        "array.npy: the file ends 4 bytes early: perhaps an incomplete download");
  CHECK(refusal(npy(header("<f4", "(1,)"), "........")) ==
        "array.npy: 4 bytes follow after the 4 of the array [1]");
  CHECK(refusal(npy(header("<f4", "(4611686018427387904, 4)"), "")) ==
        "array.npy: the size of the shape [4611686018427387904, 4] overflows");
  CHECK(refusal(npy(header("<f4", "(4611686018427387904, 4, 0)"), "")) ==
        "array.npy: the size of the shape [4611686018427387904, 4, 0] overflows");
}

TEST_CASE("npy_refuses_damaged_starts") {
  const std::string early = "array.npy: the file ends inside its first line: perhaps an incomplete download";
  CHECK(refusal("\x93NUMPY") == early);
  CHECK(refusal(std::string("\x93NUMPY\x01\x00\x10", 9)) == early);
  CHECK(refusal(std::string("\x93NUMPY\x02\x00\x10\x00", 10)) == early);
  CHECK(refusal(npy(header("<f4", "(1,)"), "....", 4)) ==
        "array.npy: version 4.0 of the format is not known");
  CHECK(refusal(std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12)) ==
        "array.npy: the header claims 4294967295 bytes, the file has 0");
  CHECK(refusal("plain text") == "array.npy is a file of unknown kind, not a NumPy array (.npy)");
}

TEST_CASE("npy_refuses_headers_that_are_not_numpys") {
  const auto refused = [](const std::string& text) { return refusal(npy(text, "....")); };
  const std::string no_array = "array.npy: the header is no array's: at its byte ";
  CHECK(refused("") == no_array + "0 '{' should stand");
  CHECK(refused("{'descr': '<f4'") == no_array + "15 '}' should stand");
  CHECK(refused("{'descr' '<f4'}") == no_array + "9 ':' should stand");
  CHECK(refused("{'descr': '<f4}") == no_array + "10 a closing quote should stand");
  CHECK(refused("{descr: 1}") == no_array + "1 a text in quotes should stand");
  CHECK(refused("{'descr': '\\x3cf4'}") == no_array + "10 a text without escapes should stand");
  CHECK(refused("{'fortran_order': 1}") == no_array + "18 True or False should stand");
  CHECK(refused("{'shape': (1)}") == no_array + "12 a comma should stand");
  CHECK(refused("{'shape': (1, 2]}") == no_array + "15 ')' should stand");
  CHECK(refused("{'shape': (-1,)}") == no_array + "11 a size should stand");
  CHECK(refused("{'shape': (99999999999999999999,)}") == no_array + "11 a size should stand");
  CHECK(refused(header("<f4", "(1,)") + "x") == no_array + "57 text after the dictionary should stand");
  CHECK(refused("{'descr': '<f4'}") == "array.npy: the header lacks one of descr, fortran_order and shape");
  CHECK(refused("{'descr': '<f4', 'descr': '<f4'}") ==
        "array.npy: the header has an unknown or repeated key 'descr'");
  CHECK(refused("{'titles': 'x'}") == "array.npy: the header has an unknown or repeated key 'titles'");
  std::string many;
  for (int i = 0; i < 65; ++i) many += "1, ";
  CHECK(refused("{'shape': (" + many + ")}") == "array.npy: the array has more than 64 axes");
}

TEST_CASE("half_precision_converts_exactly") {
  const auto f16 = [](std::uint16_t bits) { return to_double(single(StoredType::f16, bits)).at(0); };
  CHECK(f16(0x3c00) == 1.0);
  CHECK(f16(0xc100) == -2.5);
  CHECK(f16(0x7bff) == 65504.0);
  CHECK(f16(0x0400) == std::ldexp(1.0, -14));
  CHECK(f16(0x0001) == std::ldexp(1.0, -24));
  CHECK(f16(0x83ff) == -std::ldexp(1023.0, -24));
  CHECK(f16(0x7c00) == std::numeric_limits<double>::infinity());
  CHECK(std::isnan(f16(0x7e00)));
  CHECK(std::signbit(f16(0x8000)));
  const auto bf16 = [](std::uint16_t bits) { return to_double(single(StoredType::bf16, bits)).at(0); };
  CHECK(bf16(0x3f80) == 1.0);
  CHECK(bf16(0xc040) == -3.0);
  CHECK(bf16(0x0001) == std::ldexp(1.0, -133));
  CHECK(std::isnan(bf16(0x7fc0)));
}

TEST_CASE("floats_of_eight_bits_convert_exactly") {
  const auto e4m3 = [](std::uint8_t bits) { return to_double(single(StoredType::f8_e4m3, bits)).at(0); };
  CHECK(e4m3(0x38) == 1.0);
  CHECK(e4m3(0xc5) == -3.25);
  CHECK(e4m3(0x7e) == 448.0);
  CHECK(e4m3(0x08) == std::ldexp(1.0, -6));
  CHECK(e4m3(0x87) == -std::ldexp(7.0, -9));
  CHECK(std::signbit(e4m3(0x80)));
  CHECK(std::isnan(e4m3(0x7f)));
  CHECK(std::isnan(e4m3(0xff)));
  const auto e5m2 = [](std::uint8_t bits) { return to_double(single(StoredType::f8_e5m2, bits)).at(0); };
  CHECK(e5m2(0x3c) == 1.0);
  CHECK(e5m2(0xc1) == -2.5);
  CHECK(e5m2(0x7b) == 57344.0);
  CHECK(e5m2(0x01) == std::ldexp(1.0, -16));
  CHECK(e5m2(0x7c) == std::numeric_limits<double>::infinity());
  CHECK(std::isnan(e5m2(0xfe)));
}

TEST_CASE("readers_of_values_refuse_what_the_result_cannot_hold") {
  const std::int64_t beyond_float = (1 << 24) + 1, beyond_double = (std::int64_t{1} << 53) + 1;
  const float half = 0.5f, nan = std::numeric_limits<float>::quiet_NaN();
  const double huge = 1e39, infinite = std::numeric_limits<double>::infinity();
  CHECK(sentence_of([&] { to_float(single(StoredType::i64, beyond_float)); }) ==
        "tensor x (I64 [1]) holds 16777217, which a float would round");
  CHECK(sentence_of([&] { to_double(single(StoredType::i64, beyond_double)); }) ==
        "tensor x (I64 [1]) holds 9007199254740993, which a double would round");
  CHECK(sentence_of([&] { to_integers(single(StoredType::f32, half)); }) ==
        "tensor x (F32 [1]) holds 0.5, which is no integer");
  CHECK(sentence_of([&] { to_integers(single(StoredType::f32, nan)); }) ==
        "tensor x (F32 [1]) holds nan, which is no integer");
  CHECK(sentence_of([&] { to_integers(single(StoredType::f64, huge)); }) ==
        "tensor x (F64 [1]) holds 1e+39, which is no integer");
  CHECK(sentence_of([&] { to_float(single(StoredType::f64, huge)); }) ==
        "tensor x (F64 [1]) holds 1e+39, which is beyond the range of a float");
  // Infinity and NaN are values a float has.
  CHECK(std::isinf(to_float(single(StoredType::f64, infinite)).at(0)));
  const float tokens = 6561.f;
  CHECK(to_integers(single(StoredType::f32, tokens)) == std::vector<std::int64_t>{6561});
  const double third = 1.0 / 3;
  CHECK(to_float(single(StoredType::f64, third)).at(0) == 1.0f / 3);
}

TEST_CASE("npy_reads_the_stored_mel_of_the_real_weights") {
  const std::string path = NIGHTINGALE_SOURCE "/../shared/real/basic_greeting_en/step7_mel.npy";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: no ../shared/real/basic_greeting_en");
    return;
  }
  const TensorFile file = read_npy(path);
  const StoredTensor& mel = file.tensors()[0];
  REQUIRE(mel.shape.size() == 3);
  CHECK(mel.fortran_order);
  CHECK(mel.shape == std::vector<std::int64_t>{1, 564, 80});
  // Channels of the same frame lie side by side. In the right order neighbouring frames are alike; read in
  // the order of the bytes they are not.
  const auto roughness = [&](const std::vector<float>& values) {
    const auto channels = static_cast<std::size_t>(mel.shape[2]);
    double sum = 0;
    for (std::size_t i = channels; i < values.size(); ++i)
      sum += std::pow(values[i] - values[i - channels], 2);
    return sum;
  };
  StoredTensor misread = mel;
  misread.fortran_order = false;
  CHECK(roughness(to_float(mel)) < 0.5 * roughness(to_float(misread)));
}

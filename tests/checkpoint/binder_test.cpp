// Binding a checkpoint that fits: sizes, origins, numbers.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "ops/shapes.hpp"
#include "small_network.hpp"

using namespace nightingale;
using namespace nightingale::test;

namespace {

// A substrate that only remembers which weights it was given.
class Recorder : public Shapes {
 public:
  void prepare(Weight& weight) override { prepared.push_back(weight.path()); }
  std::vector<std::string> prepared;
};

// The small file and its network, judged, and what they are loaded with.
struct JudgedFile {
  TemporaryFolder folder;
  Binding binding{SmallFile().open(folder), "flow and vocoder"};
  SmallNetwork network{binding.root()};
  Recorder op;

  JudgedFile() { binding.judge(); }
};

const SolvedSize& size_named(const std::vector<SolvedSize>& sizes, const std::string& name) {
  for (const SolvedSize& size : sizes) {
    if (size.name == name) return size;
  }
  FAIL("no size ", name);
  return sizes.front();
}

const std::string speaker = "flow.spk_embed_affine_layer.weight";

}  // namespace

TEST_CASE("binder_solves_every_size_from_the_shapes") {
  const TemporaryFolder folder;
  Binding binding(SmallFile().open(folder), "flow and vocoder");
  SmallNetwork network(binding.root());
  binding.judge();

  const std::vector<SolvedSize> sizes = binding.sizes();
  CHECK(size_named(sizes, "flow.channel").value == small_channel);
  CHECK(size_named(sizes, "flow.channel").tensors.size() == 2 + 3 * 6);
  CHECK(size_named(sizes, "flow.speaker").tensors == std::vector<std::string>{speaker});
  CHECK(size_named(sizes, "second").value == small_second_channel);
  CHECK(network.blocks.size() == 6);
  CHECK(network.speaker.shape().text() == "[mel 80, speaker 192]");
  CHECK(network.up.shape().text() == "[in 12, out 7, tap 4]");
  CHECK(binding.tensors().size() == SmallFile().names().size());
}

TEST_CASE("binder_remembers_who_says_a_size") {
  const TemporaryFolder folder;
  Binding binding(SmallFile().open(folder), "flow and vocoder");
  const Axis channel = (binding.root() / "flow").scope("flow").axis("channel");
  SmallNetwork network(binding.root());
  binding.judge();
  CHECK(channel.size.terms().front().first.value() == small_channel);
  CHECK(channel.size.terms().front().first.origin() ==
        "flow.input_embedding.weight and 19 more of s3gen.safetensors");
}

TEST_CASE("binder_solves_formulas_and_sums_of_two_unknowns") {
  std::vector<StoredTensor> tensors = {{"wide", StoredType::f32, {3 * 8 + 2}, false, {}},
                                       {"both", StoredType::f32, {8 + 5}, false, {}}};
  Binding binding(TensorFile("manifest", tensors, {}, nullptr), "T3");
  const Binder at = binding.root();
  const Axis model = at.axis("model"), other = at.axis("other");
  const Weight both = at.tensor("both", {{"sum", model.size + other.size}});
  const Weight wide = at.tensor("wide", {{"wide", 3 * model.size + 2}});
  binding.judge();
  CHECK(binding.sizes()[0].value == 8);
  CHECK(binding.sizes()[1].value == 5);
  CHECK(both.shape().text() == "[sum 13]");
}

TEST_CASE("binder_says_which_number_no_formula_makes") {
  std::vector<StoredTensor> tensors = {{"a", StoredType::f32, {64 * 5}, false, {}},
                                       {"b", StoredType::f32, {64 * 5 + 1}, false, {}}};
  Binding binding(TensorFile("t3_cfg.safetensors.json", tensors, {}, nullptr), "T3");
  const Binder at = binding.root();
  const Axis query{"query", 64 * at.axis("head").size};
  at.tensor("a", {query});
  at.tensor("b", {query});
  const Error error = error_of([&] { binding.judge(); });
  REQUIRE(error.facts.size() == 1);
  CHECK(error.facts[0].subject == "b");
  CHECK(error.facts[0].expected == "[query 320]");
  CHECK(error.facts[0].origin == "query = 64·head, head = 5 says a; no head makes 321");
}

TEST_CASE("binder_decides_a_size_by_majority_whatever_comes_first") {
  std::vector<StoredTensor> tensors = {{"odd", StoredType::f32, {7}, false, {}},
                                       {"a", StoredType::f32, {8}, false, {}},
                                       {"b", StoredType::f32, {8}, false, {}}};
  Binding binding(TensorFile("manifest", tensors, {}, nullptr), "T3");
  const Binder at = binding.root();
  for (const char* name : {"odd", "a", "b"}) at.tensor(name, {at.axis("model")});
  const Error error = error_of([&] { binding.judge(); });
  REQUIRE(error.facts.size() == 1);
  CHECK(error.facts[0].subject == "odd");
  CHECK(error.facts[0].origin == "model = 8 say a and b; only this tensor says 7");
}

TEST_CASE("binder_gives_two_networks_sizes_of_their_own") {
  const TemporaryFolder folder;
  Binding one(SmallFile().open(folder), "flow and vocoder");
  SmallFile wider;
  wider.reshape(speaker, {small_mel, 100});
  SmallNetwork first(one.root());
  one.judge();
  Binding two(wider.open(folder), "flow and vocoder");
  SmallNetwork second(two.root());
  two.judge();
  CHECK(first.speaker.shape().text() == "[mel 80, speaker 192]");
  CHECK(second.speaker.shape().text() == "[mel 80, speaker 100]");
}

TEST_CASE("binder_uses_aligned_float32_where_it_lies_in_the_file") {
  JudgedFile small;
  small.binding.load(small.op);
  const StoredTensor* stored = small.binding.file().find(speaker);
  CHECK(static_cast<const void*>(small.network.speaker.values()) ==
        static_cast<const void*>(stored->bytes.data()));
  CHECK(small.network.speaker->values.size() == static_cast<std::size_t>(small_mel * small_speaker));
  CHECK(small.op.prepared.size() ==
        small.binding.tensors().size() - 2);  // two weight-norm pairs are one weight each
  CHECK(small.op.prepared.front() == "flow.spk_embed_affine_layer.weight");  // the largest
}

TEST_CASE("binder_loads_what_lies_below_a_name_and_the_rest_later") {
  JudgedFile small;
  small.binding.load(small.op, {}, "mel2wav.");
  CHECK(small.op.prepared.size() == 2);
  CHECK(!small.network.first->values.empty());
  CHECK(small.network.speaker->values.empty());
  small.binding.load(small.op, {}, "flow.");
  CHECK(small.op.prepared.size() == small.binding.tensors().size() - 2);
  CHECK(!small.network.speaker->values.empty());
}

TEST_CASE("binder_keeps_the_numbers_when_the_binding_is_gone") {
  const TemporaryFolder folder;
  Weight weight;
  {
    Binding binding(SmallFile().open(folder), "flow and vocoder");
    SmallNetwork network(binding.root());
    binding.judge();
    Recorder op;
    binding.load(op);
    weight = network.speaker;
  }
  CHECK(weight.values()[1] == 0.375f);
}

TEST_CASE("binder_accepts_floats_of_any_width") {
  struct Case {
    StoredType type;
    std::string bytes;
  };
  // 1.5, −2, 0.25 in each type.
  const std::vector<Case> cases = {
      {StoredType::f16, bytes_of(std::vector<std::uint16_t>{0x3e00, 0xc000, 0x3400})},
      {StoredType::bf16, bytes_of(std::vector<std::uint16_t>{0x3fc0, 0xc000, 0x3e80})},
      {StoredType::f8_e4m3, bytes_of(std::vector<std::uint8_t>{0x3c, 0xc0, 0x28})},
      {StoredType::f8_e5m2, bytes_of(std::vector<std::uint8_t>{0x3e, 0xc0, 0x34})},
      {StoredType::f64, bytes_of(std::vector<double>{1.5, -2, 0.25})}};
  for (const Case& one : cases) {
    Binding binding(TensorFile("file", {{"bias", one.type, {3}, false, as_bytes(one.bytes)}}, {},
                               std::make_shared<int>(0)),
                    "T3");
    const Weight bias = binding.root().tensor("bias", {binding.root().axis("model")});
    binding.judge();
    Recorder op;
    binding.load(op);
    CHECK(std::vector<float>(bias->values.begin(), bias->values.end()) ==
          std::vector<float>{1.5f, -2.0f, 0.25f});
  }
}

TEST_CASE("binder_copies_float32_that_does_not_lie_aligned") {
  const std::string bytes = "x" + bytes_of(std::vector<float>{1.5f, -2.0f});
  Binding binding(TensorFile("file", {{"bias", StoredType::f32, {2}, false, as_bytes(bytes).subspan(1)}}, {},
                             std::make_shared<int>(0)),
                  "T3");
  const Weight bias = binding.root().tensor("bias", {binding.root().axis("model")});
  binding.judge();
  Recorder op;
  binding.load(op);
  CHECK(bias->values[0] == 1.5f);
  CHECK(bias->values[1] == -2.0f);
}

TEST_CASE("binder_folds_weight_norms_over_every_axis_but_the_first") {
  JudgedFile small;
  small.binding.load(small.op);
  // Each input channel of the transposed convolution has the length that is stored for it.
  const std::vector<float> lengths =
      to_float(*small.binding.file().find("mel2wav.ups.0.parametrizations.weight.original0"));
  const std::size_t row = small_second_channel * 4;
  REQUIRE(small.network.up->values.size() == small_first_channel * row);
  for (std::size_t in = 0; in < lengths.size(); ++in) {
    double squares = 0;
    for (float number : small.network.up->values.subspan(in * row, row)) squares += double{number} * number;
    CHECK(std::sqrt(squares) == doctest::Approx(lengths[in]).epsilon(1e-6));
  }
  CHECK(small.network.up.path() == "mel2wav.ups.0.weight");
}

TEST_CASE("binder_names_every_tensor_that_holds_a_number_that_is_not_finite") {
  SmallFile file;
  std::vector<float> numbers(small_mel * small_channel, 1.0f);
  numbers[3 * small_channel + 4] = std::numeric_limits<float>::quiet_NaN();
  file.put("flow.encoder_proj.weight", StoredType::f32, {small_mel, small_channel}, bytes_of(numbers));
  std::vector<double> doubles(small_mel, 1.0);
  doubles[7] = -1e300;  // beyond float's range
  file.put("flow.spk_embed_affine_layer.bias", StoredType::f64, {small_mel}, bytes_of(doubles));
  file.put("mel2wav.ups.0.parametrizations.weight.original1", StoredType::f32,
           {small_first_channel, small_second_channel, 4},
           bytes_of(std::vector<float>(small_first_channel * small_second_channel * 4, 0.0f)));

  const TemporaryFolder folder;
  Binding binding(file.open(folder), "flow and vocoder");
  SmallNetwork network(binding.root());
  binding.judge();
  Recorder op;
  const Error error = error_of([&] { binding.load(op); });
  CHECK(error.code == ErrorCode::file_invalid);
  CHECK(error.text() == golden("not_finite"));
  for (const char* faulty : {"flow.encoder_proj.weight", "flow.spk_embed_affine_layer.bias"}) {
    CHECK(std::ranges::count(op.prepared, faulty) == 0);
  }
  // Two weight-norm pairs are one weight each; three are at fault.
  CHECK(op.prepared.size() == binding.tensors().size() - 2 - 3);
}

TEST_CASE("binder_loads_nothing_from_a_manifest") {
  Binding binding(TensorFile("file", {{"bias", StoredType::f32, {2}, false, {}}}, {}, nullptr), "T3");
  const Weight bias = binding.root().tensor("bias", {binding.root().axis("model")});
  binding.judge();
  Recorder op;
  binding.load(op);
  CHECK(bias->values.empty());
  CHECK(bias.shape().text() == "[model 2]");
  CHECK(op.prepared.empty());
}

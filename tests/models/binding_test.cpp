// The real networks bound against the manifests of upstream's released files: every variant fits, and faults
// planted into them are told as they would be told to someone who holds the real file.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/failure.hpp"
#include "checkpoint/manifest.hpp"
#include "models/flow/flow.hpp"
#include "models/hift/hift.hpp"
#include "models/t3/t3.hpp"

using namespace nightingale;

namespace {

using Tensors = std::vector<StoredTensor>;
using Slip = std::function<void(Tensors&)>;

// The manifest of `file`, with a slip planted in it.
TensorFile manifest(
    const std::string& file, const Slip& slip = [](Tensors&) {}) {
  const TensorFile read =
      read_manifest(std::string(NIGHTINGALE_SOURCE) + "/tests/manifests/" + file + ".json");
  Tensors tensors = read.tensors();
  slip(tensors);
  return TensorFile(read.path(), std::move(tensors), {}, nullptr);
}

StoredTensor& tensor_named(Tensors& tensors, const std::string& name) {
  const auto place =
      std::find_if(tensors.begin(), tensors.end(), [&](const auto& one) { return one.name == name; });
  REQUIRE_MESSAGE(place != tensors.end(), name);
  return *place;
}

void remove_all(Tensors& tensors, const std::string& prefix) {
  REQUIRE(std::erase_if(tensors,
                        [&](const StoredTensor& tensor) { return tensor.name.starts_with(prefix); }) > 0);
}

void bind_t3(Binding& binding) {
  const t3::T3 network(binding.root());
  binding.judge();
}

void bind_flow_and_vocoder(Binding& binding) {
  const flow::Flow flow(binding.root() / "flow");
  const hift::Hift hift(binding.root() / "mel2wav");
  binding.root().unused("tokenizer.", "works only when a voice is baked");
  binding.root().unused("speaker_encoder.", "works only when a voice is baked");
  binding.judge();
}

Error refusal(TensorFile file, const std::string& purpose, void (*bind)(Binding&)) {
  Binding binding(std::move(file), purpose);
  try {
    bind(binding);
  } catch (const Failure& failure) {
    return failure.error();
  }
  FAIL("nothing was refused");
  return {};
}

Error t3_refusal(const Slip& slip) {
  return refusal(manifest("t3_cfg.safetensors", slip), "T3", bind_t3);
}

Error s3gen_refusal(const Slip& slip) {
  return refusal(manifest("s3gen.safetensors", slip), "flow and vocoder", bind_flow_and_vocoder);
}

std::int64_t size_of(const Binding& binding, const std::string& name) {
  for (const SolvedSize& size : binding.sizes()) {
    if (size.name == name) return size.value;
  }
  FAIL("no size ", name);
  return 0;
}

}  // namespace

TEST_CASE("t3_fits_every_released_llama_checkpoint") {
  struct Known {
    std::string file;
    std::int64_t text_vocabulary;
  };
  for (const Known& known : {Known{"t3_cfg.safetensors", 704}, Known{"t3_mtl23ls_v2.safetensors", 2454},
                             Known{"t3_mtl23ls_v3.safetensors", 2454}}) {
    CAPTURE(known.file);
    Binding binding(manifest(known.file), "T3");
    bind_t3(binding);
    CHECK(size_of(binding, "text_vocabulary") == known.text_vocabulary);
    CHECK(size_of(binding, "model") == 1024);
    CHECK(size_of(binding, "hidden") == 4096);
  }
}

TEST_CASE("flow_and_vocoder_fit_every_released_checkpoint") {
  for (const std::string file : {"s3gen.safetensors", "s3gen.pt", "s3gen_v3.safetensors", "s3gen_v3.pt"}) {
    CAPTURE(file);
    Binding binding(manifest(file), "flow and vocoder");
    bind_flow_and_vocoder(binding);
    CHECK(size_of(binding, "flow.encoder.channel") == 512);
    CHECK(size_of(binding, "flow.decoder.channel") == 256);
  }
}

TEST_CASE("a_partly_converted_s3gen_is_told_in_one_report") {
  const Error error = s3gen_refusal([](Tensors& tensors) {
    tensor_named(tensors, "flow.encoder.encoders.4.feed_forward.w_1.weight").shape = {1024, 512};
    tensor_named(tensors, "flow.spk_embed_affine_layer.weight").shape = {192, 80};
    remove_all(tensors, "mel2wav.conv_pre.parametrizations.weight.original1");
    tensors.push_back({"flow.encoder.encoders.6.norm_ff.weight", StoredType::f32, {512}, false, {}});
  });
  std::ifstream golden(std::string(NIGHTINGALE_SOURCE) +
                       "/tests/checkpoint/faults/partly_converted_s3gen.txt");
  const std::string text((std::istreambuf_iterator<char>(golden)), std::istreambuf_iterator<char>());
  CHECK(error.text() + "\n" == text);
}

TEST_CASE("t3_with_a_layer_missing_in_the_middle_is_one_fault") {
  const Error error = t3_refusal([](Tensors& tensors) { remove_all(tensors, "tfmr.layers.17."); });
  CHECK(error.sentence == "t3_cfg.safetensors does not fit T3 (1 problem)");
  REQUIRE(error.facts.size() == 1);
  CHECK(error.facts[0].subject == "tfmr.layers");
  CHECK(error.facts[0].origin == "layers 0…29: 17 is missing");
}

TEST_CASE("t3_with_two_weights_of_a_layer_exchanged_names_both") {
  const Error error = t3_refusal([](Tensors& tensors) {
    std::swap(tensor_named(tensors, "tfmr.layers.9.mlp.gate_proj.weight").name,
              tensor_named(tensors, "tfmr.layers.9.mlp.down_proj.weight").name);
  });
  REQUIRE(error.facts.size() == 2);
  CHECK(error.facts[0].subject == "tfmr.layers.9.mlp.gate_proj.weight");
  CHECK(error.facts[0].found == "[1024, 4096]");
  CHECK(error.facts[0].expected == "[hidden 4096, model 1024]");
  CHECK(error.facts[0].origin.starts_with(
      "looks exchanged with tfmr.layers.9.mlp.down_proj.weight, or both are transposed"));
}

TEST_CASE("t3_behind_a_wrapper_is_said_to_be_wrapped") {
  const Error error = t3_refusal([](Tensors& tensors) {
    for (StoredTensor& tensor : tensors) tensor.name = "model." + tensor.name;
  });
  REQUIRE(error.facts.size() == 1);
  CHECK(error.facts[0].subject == "all 292 tensors");
  CHECK(error.facts[0].origin ==
        "each name begins with \"model.\": the file holds a wrapper around the network, not the network");
}

TEST_CASE("t3_with_positions_as_whole_numbers_is_refused") {
  const Error error = t3_refusal(
      [](Tensors& tensors) { tensor_named(tensors, "text_pos_emb.emb.weight").type = StoredType::i64; });
  REQUIRE(error.facts.size() == 1);
  CHECK(error.facts[0].found == "I64 [2050, 1024]");
  CHECK(error.facts[0].expected ==
        "F32, F16, BF16, F8_E4M3, F8_E5M2 or F64 [text_position 2050, model 1024]");
}

TEST_CASE("t3_whose_every_matrix_is_transposed_is_recognised_by_its_tables") {
  const Error error = t3_refusal([](Tensors& tensors) {
    for (StoredTensor& tensor : tensors) {
      if (tensor.shape.size() == 2 && tensor.name.starts_with("tfmr.layers.")) {
        std::swap(tensor.shape[0], tensor.shape[1]);
      }
    }
  });
  CHECK(error.sentence == "t3_cfg.safetensors does not fit T3 (90 problems)");
  CHECK(error.facts.size() == 13);
  CHECK(error.facts.back().subject == "and 78 more tensors of the wrong shape");
}

TEST_CASE("a_file_of_another_network_is_called_a_stranger") {
  const Error error = refusal(manifest("ve.safetensors"), "T3", bind_t3);
  CHECK(error.facts.size() == 1);
  CHECK(error.facts[0].subject == "none of its 16 tensors");
}

TEST_CASE("a_meanflow_checkpoint_is_not_taken_for_a_flow") {
  const Error error =
      refusal(manifest("s3gen_meanflow.safetensors"), "flow and vocoder", bind_flow_and_vocoder);
  REQUIRE(error.facts.size() == 1);
  CHECK(error.facts[0].subject == "unused: flow.decoder.estimator.time_embed_mixer.weight");
}

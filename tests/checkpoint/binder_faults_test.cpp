// What is said about a checkpoint that does not fit. Each text is a file of its own in faults/, to be read
// like code.
#include <doctest/doctest.h>

#include "small_network.hpp"

using namespace nightingale;
using namespace nightingale::test;

namespace {

const std::string speaker = "flow.spk_embed_affine_layer.weight";
const std::string original = ".parametrizations.weight.original";

void check_says(const SmallFile& file, const std::string& name) {
  const Error error = fault_of(file);
  CHECK(error.code == ErrorCode::model_mismatch);
  CHECK(error.text() == golden(name));
}

}  // namespace

TEST_CASE("binder_names_a_transposed_speaker_projection") {
  SmallFile file;
  file.reshape(speaker, {small_speaker, small_mel});
  check_says(file, "transposed");
}

TEST_CASE("binder_names_two_weights_that_were_exchanged") {
  SmallFile file;
  file.exchange("flow.input_embedding.weight", "flow.encoder_proj.weight");
  // The embedding's rows are known to nobody else, so the projection's shape would be a fine embedding.
  check_says(file, "exchanged_one_sided");

  SmallFile both;
  both.exchange(SmallFile::block(2) + "norm_ff.weight", SmallFile::block(2) + "feed_forward.w_1.bias");
  check_says(both, "exchanged");
}

TEST_CASE("binder_says_that_an_exchange_may_be_two_transpositions") {
  SmallFile file;
  file.exchange(SmallFile::block(4) + "feed_forward.w_1.weight",
                SmallFile::block(4) + "feed_forward.w_2.weight");
  check_says(file, "exchanged_or_transposed");
}

TEST_CASE("binder_names_a_missing_tensor") {
  SmallFile file;
  file.remove("flow.encoder_proj.weight");
  check_says(file, "missing");
}

TEST_CASE("binder_names_a_surplus_tensor") {
  SmallFile file;
  file.put("flow.encoder.after_norm.weight", {small_channel});
  check_says(file, "surplus");
}

TEST_CASE("binder_recognises_a_tensor_under_another_name") {
  SmallFile file;
  file.rename("flow.encoder_proj.weight", "flow.encoder_proj.kernel");
  check_says(file, "renamed");
}

TEST_CASE("binder_names_half_a_weight_norm_pair") {
  SmallFile file;
  file.remove("mel2wav.conv_pre" + original + "1");
  check_says(file, "half_weight_norm");
}

TEST_CASE("binder_knows_the_old_spelling_of_weight_norm") {
  SmallFile file;
  file.rename("mel2wav.ups.0" + original + "0", "mel2wav.ups.0.weight_g");
  file.rename("mel2wav.ups.0" + original + "1", "mel2wav.ups.0.weight_v");
  check_says(file, "old_weight_norm");
}

TEST_CASE("binder_sees_that_a_weight_norm_was_folded_already") {
  SmallFile file;
  file.rename("mel2wav.ups.0" + original + "1", "mel2wav.ups.0.weight");
  file.remove("mel2wav.ups.0" + original + "0");
  check_says(file, "folded_weight_norm");
}

TEST_CASE("binder_reports_a_layer_missing_in_the_middle_once") {
  SmallFile file;
  for (const std::string& name : file.names()) {
    if (name.starts_with(SmallFile::block(3))) file.remove(name);
  }
  check_says(file, "hole");
}

TEST_CASE("binder_takes_the_rest_of_a_layer_for_debris") {
  SmallFile file;
  file.put(SmallFile::block(6) + "norm_ff.weight", {small_channel});
  check_says(file, "debris");
}

TEST_CASE("binder_names_a_row_without_layers") {
  check_says(SmallFile(0), "no_layers");
}

TEST_CASE("binder_blames_the_odd_one_and_not_the_majority") {
  SmallFile file;
  file.reshape(SmallFile::block(4) + "feed_forward.w_1.weight", {5, small_channel});
  check_says(file, "odd_one");
}

TEST_CASE("binder_blames_neither_side_of_a_tie") {
  SmallFile file(1);
  file.reshape("mel2wav.ups.0" + original + "0", {13, 1, 1});
  file.reshape("mel2wav.ups.0" + original + "1", {13, small_second_channel, 4});
  check_says(file, "tie");
}

TEST_CASE("binder_refuses_whole_numbers_for_weights") {
  SmallFile file;
  file.put("flow.encoder_proj.weight", StoredType::i64, {small_mel, small_channel},
           bytes_of(std::vector<std::int64_t>(small_mel * small_channel, 1)));
  check_says(file, "int64");
}

TEST_CASE("binder_sees_a_wrapper_around_the_whole_file_and_the_faults_behind_it") {
  SmallFile file;
  file.wrap("model.");
  check_says(file, "wrapper");

  file = SmallFile();
  file.reshape(speaker, {small_speaker, small_mel});
  file.wrap("module.");
  check_says(file, "wrapper_and_transposed");
}

TEST_CASE("binder_says_when_nothing_of_a_file_belongs_to_the_network") {
  SmallFile file(0);
  for (const std::string& name : file.names()) file.remove(name);
  file.put("lstm.weight_ih_l0", {4, 4});
  file.put("similarity_weight", {1});
  check_says(file, "stranger");
}

TEST_CASE("binder_reports_all_faults_of_a_file_at_once") {
  SmallFile file;
  file.reshape(speaker, {small_speaker, small_mel});
  file.reshape(SmallFile::block(4) + "feed_forward.w_1.weight", {5, small_channel});
  file.remove("mel2wav.conv_pre" + original + "1");
  file.remove(SmallFile::block(0) + "norm_ff.weight");
  file.put(SmallFile::block(6) + "norm_ff.weight", {small_channel});
  file.put("flow.encoder_proj.weight", StoredType::i64, {small_mel, small_channel},
           bytes_of(std::vector<std::int64_t>(small_mel * small_channel, 1)));
  check_says(file, "several");
}

TEST_CASE("binder_folds_a_long_row_of_like_faults") {
  SmallFile file(20);
  for (std::int64_t i = 0; i < 20; ++i) file.remove(SmallFile::block(i) + "norm_ff.weight");
  const Error error = fault_of(file);
  CHECK(error.facts.size() == 13);
  CHECK(error.facts.back().subject == "and 8 more missing tensors");
  CHECK(error.sentence == "s3gen.safetensors does not fit the flow and vocoder (20 problems)");
}

TEST_CASE("binder_survives_sizes_that_no_tensor_can_have") {
  const std::int64_t huge = std::int64_t{1} << 62;
  const SmallFile small;
  std::vector<StoredTensor> tensors;
  for (const std::string& name : small.names())
    tensors.push_back({name, StoredType::f32, {huge, 0}, false, {}});
  Binding binding(TensorFile("s3gen.safetensors", tensors, {}, nullptr), "flow and vocoder");
  SmallNetwork network(binding.root());
  const Error error = error_of([&] { binding.judge(); });
  CHECK(error.facts.front().origin == "no tensor of a network has an axis of this length");
}

TEST_CASE("binder_does_not_follow_a_layer_number_into_the_void") {
  SmallFile file;
  file.put("flow.encoder.encoders.9223372036854775807.norm_ff.weight", {small_channel});
  file.put("flow.encoder.encoders.99999999999999999999.norm_ff.weight", {small_channel});
  file.put("flow.encoder.encoders.05.norm_ff.weight", {small_channel});
  const Error error = fault_of(file);
  CHECK(error.sentence == "s3gen.safetensors does not fit the flow and vocoder (3 tensors unused)");
}

// The proof run: operations on lengths that are symbols give formulas that hold for every length, and what
// they say is what a real run does.
#include "ops/shapes.hpp"

#include <doctest/doctest.h>

#include "base/failure.hpp"
#include "close.hpp"
#include "kernels/reference/reference.hpp"

namespace nightingale {
namespace {

using testing::weight_of;

struct Proof {
  Shapes op;
  Axis prompt = unknown("prompt");
  Axis speech = unknown("speech");
  Size frames = 2 * (prompt.size + speech.size);
  Tensor mel = op.zeros({{"batch", 1}, {"frame", frames}, {"mel", 80}});
};

Weight convolution(std::int64_t out, std::int64_t in, std::int64_t taps) {
  return weight_of("conv.weight", {{"channel", out}, {"mel", in}, {"tap", taps}}, {});
}

TEST_CASE("a_vocoders_lengths_are_proved_for_every_length") {
  Proof proof;
  auto& op = proof.op;
  // conv_pre, then ×8 ×5 ×3, one row reflected on the left, then the inverse transform: 480 samples a frame.
  Tensor x = op.conv1d(proof.mel, convolution(6, 80, 7), {}, {.pad_left = 3, .pad_right = 3});
  CHECK(x.shape() == Shape{{"batch", 1}, {"frame", proof.frames}, {"channel", 6}});
  for (const auto& [stride, taps] : {std::pair{8, 16}, {5, 11}, {3, 7}}) {
    const Weight weight = weight_of("ups.weight", {{"channel", 6}, {"channel", 6}, {"tap", taps}}, {});
    x = op.conv_transpose1d(x, weight, {}, {.stride = stride, .trim = (taps - stride) / 2});
  }
  CHECK(x.shape()[1].size == 120 * proof.frames);
  x = op.rename(op.pad(x, "frame", 1, 0, Padding::reflect), "frame", "spectrum");
  const Tensor source = op.stft(op.zeros({{"batch", 1}, {"sample", 480 * proof.frames}}), {16, 4});
  CHECK(source.shape()[1].size == x.shape()[1].size);
  const Tensor bins =
      op.rename(op.linear(x, weight_of("w", {{"out", 9}, {"channel", 6}}, {}), {}), "out", "bin");
  CHECK(op.istft(bins, bins, {16, 4}).shape() == Shape{{"batch", 1}, {"sample", 480 * proof.frames}});
}

TEST_CASE("a_prompt_trimmed_before_the_decoder_is_refused_for_every_length") {
  Proof proof;
  const Tensor trimmed = proof.op.slice(proof.mel, "frame", 2 * proof.prompt.size, 2 * proof.speech.size);
  CHECK(trimmed.shape()[1].size == 2 * proof.speech.size);
  CHECK_THROWS_WITH_AS(
      proof.op.concat({proof.mel, trimmed}, "mel"),
      doctest::Contains("frame: the first part has 2·prompt + 2·speech, another has 2·speech"), Failure);
}

TEST_CASE("a_tap_too_much_padding_is_refused_where_the_result_is_added") {
  Proof proof;
  const Tensor longer =
      proof.op.conv1d(proof.mel, weight_of("conv.weight", {{"mel", 80}, {"mel", 80}, {"tap", 3}}, {}), {},
                      {.pad_left = 2, .pad_right = 1});
  CHECK(longer.shape()[1].size == proof.frames + 1);
  CHECK_THROWS_WITH_AS(proof.op.add(proof.mel, longer),
                       doctest::Contains("frame: x has 2·prompt + 2·speech, y has 2·prompt + 2·speech + 1"),
                       Failure);
}

TEST_CASE("a_cache_of_symbolic_length_and_a_symbolic_start_are_accepted") {
  Proof proof;
  auto& op = proof.op;
  const auto cache =
      op.make_cache({.batch = {"batch", 1}, .head = {"head", 2}, .width = {"width", 4}, .layers = 1});
  const Tensor x = op.zeros({{"batch", 1}, {"row", proof.prompt.size}, {"head", 2}, {"width", 4}});
  const float frequencies[] = {1, 0.5f};
  const Tensor turned = op.rotary(x, frequencies, cache->length());
  CHECK(op.cached_attention(turned, turned, x, *cache, 0, 1).shape() == x.shape());
  cache->advance(proof.prompt);
  CHECK(cache->length() == proof.prompt.size);
  CHECK(op.rotary(x, frequencies, cache->length()).shape() == x.shape());
}

TEST_CASE("every_move_gives_a_formula") {
  Proof proof;
  auto& op = proof.op;
  const Size& frames = proof.frames;
  CHECK(op.repeat(proof.mel, "frame", 2).shape()[1].size == 2 * frames);
  CHECK(op.spread(proof.mel, {"row", frames}, "mel").shape()[2].size == frames);
  CHECK(op.reorder(proof.mel, {"mel", "frame", "batch"}).shape()[1].size == frames);
  CHECK(op.concat({proof.mel, proof.mel}, "frame").shape()[1].size == 2 * frames);
  CHECK(op.select(proof.mel, "frame", 2 * proof.prompt.size).shape() == Shape{{"batch", 1}, {"mel", 80}});
  const Tensor pairs =
      op.split(proof.mel, "frame", {"half", proof.prompt.size + proof.speech.size}, {"pair", 2});
  CHECK(op.merge(pairs, "half", "pair", {"frame", frames}).shape() == proof.mel.shape());
  CHECK(op.phases(op.zeros({{"batch", 1}, {"sample", frames}}), 9, 24000).shape()[2].size == Size(9));
}

TEST_CASE("values_cannot_be_read_in_the_proof_run") {
  Proof proof;
  CHECK_THROWS_AS(proof.op.read(proof.mel), Failure);
}

TEST_CASE("a_symbol_that_the_checkpoint_solved_counts_as_its_value_in_both_runs") {
  const Axis hidden = unknown("hidden");
  hidden.size.terms().front().first.solve(6, "up.weight");
  const Weight up = testing::random_weight("up.weight", {hidden, {"mel", 3}}, 1);
  const auto real = make_reference();
  const Tensor x = real->zeros({{"row", 2}, {"mel", 3}});
  CHECK(real->linear(x, up, {}).shape() == Shape{{"row", 2}, {"hidden", 6}});
  CHECK(real->split(real->linear(x, up, {}), "hidden", {"head", 2}, {"width", 3}).shape().rank() == 3);
  Proof proof;
  CHECK(proof.op.linear(proof.mel, weight_of("w", {hidden, {"mel", 80}}, {}), {}).shape().back().size ==
        Size(6));
}

}  // namespace
}  // namespace nightingale

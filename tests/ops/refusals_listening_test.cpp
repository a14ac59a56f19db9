// What the operations of the networks that listen refuse, word for word, against tests/ops/refusals.txt.
#include "refusal_texts.hpp"

namespace nightingale {
namespace {

using testing::check_texts;
using testing::declared;
using testing::made;

TEST_CASE("planes_recurrence_and_means_refuse_what_does_not_fit_them") {
  const Weight plane =
      declared("head.conv1.weight", {{"channel", 32}, {"in", 32}, {"band_tap", 3}, {"frame_tap", 3}});
  const Tensor turned = made({{"batch", 1}, {"in", 32}, {"band", 80}, {"frame", 99}}, "fbank");
  const Tensor even = made({{"batch", 1}, {"frame", unknown("frame").size}, {"band", 80}, {"in", 32}});
  const Weight fsmn = declared("attn.fsmn_block.weight", {{"channel", 64}, {"one", 1}, {"tap", 31}});
  const Weight input = declared("lstm.weight_ih_l0", {{"gate", 1024}, {"mel", 40}});
  const Weight recurrent = declared("lstm.weight_hh_l0", {{"gate", 1024}, {"hidden", 320}});
  const Weight bias = declared("lstm.bias_ih_l0", {{"gate", 1024}});
  const Tensor mel = made({{"batch", 3}, {"frame", 160}, {"mel", 40}});
  check_texts({
      {"conv2d: axis order", [&] { rules::conv2d(turned, plane, {}); }},
      {"conv2d: stride does not divide",
       [&] {
         rules::conv2d(even, plane, {{2, 1, 1, 1}, {1, 1, 1, 1}});
       }},
      {"depthwise_conv1d: stride",
       [&] {
         rules::depthwise_conv1d(made({{"batch", 1}, {"token", 9}, {"channel", 64}}), fsmn, {.stride = 2});
       }},
      {"lstm: gates",
       [&] {
         rules::lstm(mel, {input, recurrent, bias, bias});
       }},
      {"deviation: one row",
       [&] {
         rules::pooled("deviation", made({{"batch", 1}, {"frame", 1}, {"channel", 512}}), "frame", 2);
       }},
      {"segment_mean: no length", [&] { rules::segment_mean(mel, "frame", 0); }},
  });
}

}  // namespace
}  // namespace nightingale

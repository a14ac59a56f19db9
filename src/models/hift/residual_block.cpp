#include "models/hift/residual_block.hpp"

#include "models/hift/facts.hpp"

namespace nightingale::hift {

namespace {

Conv1dOptions same_length(Axis channel, std::int64_t taps, std::int64_t dilation) {
  const std::int64_t pad = same_padding(taps, dilation);
  return {.out = channel,
          .in = channel,
          .taps = taps,
          .dilation = dilation,
          .pad_left = pad,
          .pad_right = pad,
          .stored = Stored::weight_norm};
}

}  // namespace

ResidualBlock::ResidualBlock(Binder at, Axis channel, std::int64_t taps) {
  std::int64_t i = 0;
  for (const std::int64_t dilation : dilations) {
    rounds.push_back({.first_alpha = (at / "activations1" / i).tensor("alpha", {channel}),
                      .dilated = {at / "convs1" / i, same_length(channel, taps, dilation)},
                      .second_alpha = (at / "activations2" / i).tensor("alpha", {channel}),
                      .plain = {at / "convs2" / i, same_length(channel, taps, 1)}});
    ++i;
  }
}

Tensor ResidualBlock::forward(Ops& op, Tensor x) const {
  for (const Round& round : rounds) {
    const Tensor h = round.dilated.forward(op, op.snake(x, round.first_alpha));
    x = round.plain.forward(op, op.snake(h, round.second_alpha), {.add = &x});
  }
  return x;
}

}  // namespace nightingale::hift

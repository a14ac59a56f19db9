#include "models/flow/encoder.hpp"

#include <cmath>

#include "layers/positions.hpp"
#include "models/flow/facts.hpp"

namespace nightingale::flow {

namespace {

std::vector<EncoderBlock> bind_blocks(const Binder& at, std::string_view name, Axis channel) {
  std::vector<EncoderBlock> blocks;
  const std::int64_t count = at.layers(name);
  for (std::int64_t i = 0; i < count; ++i) blocks.emplace_back(at / name / i, channel);
  return blocks;
}

Tensor through(Ops& op, Tensor x, const std::vector<EncoderBlock>& blocks, Axis channel) {
  const Tensor positions = relative_positions(op, x.shape()[1].size, channel);
  for (const EncoderBlock& block : blocks) x = block.forward(op, x, positions);
  return x;
}

}  // namespace

InputLayer::InputLayer(Binder at, Axis channel)
    : linear(at / "out" / 0, channel, channel),
      norm(at / "out" / 1, channel, embed_norm_eps) {}

Tensor InputLayer::forward(Ops& op, const Tensor& x) const {
  const auto channels = static_cast<float>(x.shape().back().size.number());
  return op.scale(norm.forward(op, linear.forward(op, x)), std::sqrt(channels));
}

Lookahead::Lookahead(Binder at, Axis channel)
    : ahead(at / "conv1", {.out = channel, .in = channel, .taps = lookahead + 1, .pad_right = lookahead}),
      back(at / "conv2",
           {.out = channel, .in = channel, .taps = lookahead_taps, .pad_left = lookahead_taps - 1}) {}

Tensor Lookahead::forward(Ops& op, const Tensor& x) const {
  const Tensor seen = ahead.forward(op, x, {.then = {Activation::Kind::leaky_relu, lookahead_slope}});
  return back.forward(op, seen, {.add = &x});
}

Encoder::Encoder(Binder at, Axis channel_axis)
    : channel(channel_axis),
      input(at / "embed", channel),
      look_ahead(at / "pre_lookahead_layer", channel),
      blocks(bind_blocks(at, "encoders", channel)),
      upsample(at / "up_layer" / "conv",
               {.out = channel, .in = channel, .taps = upsample_taps, .pad_left = upsample_taps - 1}),
      upsampled_input(at / "up_embed", channel),
      upsampled_blocks(bind_blocks(at, "up_encoders", channel)),
      after_norm(at / "after_norm", channel, after_norm_eps) {}

Tensor Encoder::forward(Ops& op, const Tensor& tokens) const {
  Tensor x = look_ahead.forward(op, input.forward(op, tokens));
  x = through(op, x, blocks, channel);

  x = op.rename(op.repeat(x, "token", frames_per_token), "token", "frame");
  x = upsampled_input.forward(op, upsample.forward(op, x));
  x = through(op, x, upsampled_blocks, channel);
  return after_norm.forward(op, x);
}

}  // namespace nightingale::flow

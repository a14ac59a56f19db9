#include "models/flow/estimator.hpp"

#include "models/flow/facts.hpp"
#include "models/lengths.hpp"

namespace nightingale::flow {

namespace {

EstimatorAxes bind_axes(const Binder& at) {
  const Axis head = at.axis("head");
  return {at.axis("channel"), {"inner", head_width * head.size}, head, at.axis("hidden"), at.axis("time")};
}

Axis sinusoid() {
  return {"time_sinusoid", estimator_parts * lengths::mel.size};
}

std::vector<Level> bind_levels(const Binder& at, const EstimatorAxes& axes) {
  std::vector<Level> levels;
  const std::int64_t count = at.layers("mid_blocks");
  for (std::int64_t i = 0; i < count; ++i) levels.emplace_back(at / "mid_blocks" / i, axes.channel, axes);
  return levels;
}

Conv1dOptions causal(Axis channel) {
  return {.out = channel, .in = channel, .taps = causal_taps, .pad_left = causal_taps - 1};
}

}  // namespace

Level::Level(Binder at, Axis in, const EstimatorAxes& axes)
    : residual(at / 0, axes.channel, in, axes.time) {
  const std::int64_t count = at.layers("1");
  for (std::int64_t i = 0; i < count; ++i) transformers.emplace_back(at / 1 / i, axes);
}

Tensor Level::forward(Ops& op, const Tensor& in, const Tensor& time) const {
  Tensor x = residual.forward(op, in, time);
  for (const TransformerBlock& block : transformers) x = block.forward(op, x);
  return x;
}

Estimator::Estimator(Binder at)
    : axes(bind_axes(at)),
      time_widen(at / "time_mlp" / "linear_1", axes.time, sinusoid()),
      time_out(at / "time_mlp" / "linear_2", axes.time, axes.time),
      down(at / "down_blocks" / 0, {"channel", estimator_parts * lengths::mel.size}, axes),
      down_conv(at / "down_blocks" / 0 / 2, causal(axes.channel)),
      mid(bind_levels(at, axes)),
      up(at / "up_blocks" / 0, {"channel", 2 * axes.channel.size}, axes),
      up_conv(at / "up_blocks" / 0 / 2, causal(axes.channel)),
      final_block(at / "final_block", axes.channel, axes.channel),
      final_projection(at / "final_proj", {.out = lengths::mel, .in = axes.channel}) {}

Tensor Estimator::forward(Ops& op, const Lengths& lengths, const EstimatorInput& in) const {
  using namespace nightingale::lengths;
  op.join("the decoder", lengths,
          {{"x", &in.x, {batch, frame, mel}},
           {"mu", &in.mu, {batch, frame, mel}},
           {"speaker", &in.speaker, {batch, mel}},
           {"prompt", &in.prompt, {batch, frame, mel}},
           {"time", &in.time, {batch, sinusoid()}}});
  const Span span(op, "flow.decoder");

  const Tensor widened = time_widen.forward(op, in.time, {.then = {Activation::Kind::silu}});
  const Tensor time = op.activate(time_out.forward(op, widened), {Activation::Kind::mish});

  const Tensor speaker = op.spread(in.speaker, in.x.shape()[1], "mel");
  Tensor x = op.rename(op.concat({in.x, in.mu, speaker, in.prompt}, "mel"), "mel", "channel");
  const Tensor skip = down.forward(op, x, time);
  x = down_conv.forward(op, skip);
  for (const Level& level : mid) x = level.forward(op, x, time);
  x = up_conv.forward(op, up.forward(op, op.concat({x, skip}, "channel"), time));
  return final_projection.forward(op, final_block.forward(op, x)).from("flow.decoder");
}

}  // namespace nightingale::flow

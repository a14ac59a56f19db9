#include "models/flow/residual_block.hpp"

#include "models/flow/facts.hpp"

namespace nightingale::flow {

CausalBlock::CausalBlock(Binder at, Axis out, Axis in)
    : conv(at / "block" / 0, {.out = out, .in = in, .taps = causal_taps, .pad_left = causal_taps - 1}),
      norm(at / "block" / 2, out, estimator_norm_eps) {}

Tensor CausalBlock::forward(Ops& op, const Tensor& x) const {
  return norm.forward(op, conv.forward(op, x), {Activation::Kind::mish});
}

ResidualBlock::ResidualBlock(Binder at, Axis out, Axis in, Axis time)
    : first(at / "block1", out, in),
      second(at / "block2", out, out),
      time_projection(at / "mlp" / 1, out, time),
      shortcut(at / "res_conv", {.out = out, .in = in}) {}

Tensor ResidualBlock::forward(Ops& op, const Tensor& x, const Tensor& time) const {
  const Tensor moved = op.add(first.forward(op, x), time_projection.forward(op, time));
  const Tensor h = second.forward(op, moved);
  return shortcut.forward(op, x, {.add = &h});
}

}  // namespace nightingale::flow

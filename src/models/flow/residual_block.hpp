// A residual block of the estimator: two causal convolutions with the time of the schedule added between
// them.
//
//   block(x) = mish(norm(conv(x)))                        kernel 3, padded on the left only
//   h = block2(block1(x) + time_projection(mish(time)));  x′ = h + conv1x1(x)
// Source: decoder.py CausalResnetBlock1D, CausalBlock1D. LayerNorm over the channel, not GroupNorm.
#pragma once

#include "layers/conv1d.hpp"
#include "layers/linear.hpp"
#include "layers/norm.hpp"

namespace nightingale::flow {

struct CausalBlock {
  Conv1d conv;
  LayerNorm norm;

  CausalBlock(Binder at, Axis out, Axis in);
  Tensor forward(Ops& op, const Tensor& x) const;
};

struct ResidualBlock {
  CausalBlock first, second;
  Linear time_projection;
  Conv1d shortcut;

  ResidualBlock(Binder at, Axis out, Axis in, Axis time);

  // x [batch, frame, in], time [batch, time] (mish applied) → [batch, frame, out]
  Tensor forward(Ops& op, const Tensor& x, const Tensor& time) const;
};

}  // namespace nightingale::flow

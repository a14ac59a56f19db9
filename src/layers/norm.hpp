// Normalisation over the channel.
//
//   LayerNorm   y = (x − mean)/√(variance + eps) · scale + shift
//   RmsNorm     y = x/√(mean(x²) + eps) · scale
#pragma once

#include "checkpoint/binder.hpp"

namespace nightingale {

struct LayerNorm {
  Weight scale, shift;
  float eps;

  LayerNorm(Binder at, Axis channel, float epsilon)
      : scale(at.tensor("weight", {channel})),
        shift(at.tensor("bias", {channel})),
        eps(epsilon) {}

  Tensor forward(Ops& op, const Tensor& x, Activation then = {}) const {
    return op.layer_norm(x, scale, shift, eps, then);
  }
};

struct RmsNorm {
  Weight scale;
  float eps;

  RmsNorm(Binder at, Axis channel, float epsilon)
      : scale(at.tensor("weight", {channel})),
        eps(epsilon) {}

  Tensor forward(Ops& op, const Tensor& x) const { return op.rms_norm(x, scale, eps); }
};

}  // namespace nightingale

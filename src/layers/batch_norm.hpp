// A batch norm of a trained network: y = (x − mean)/√(variance + eps) · weight + bias, per channel, then the
// activation. Mean and variance are those of the training, so it is one scale and one shift.
#pragma once

#include "checkpoint/binder.hpp"

namespace nightingale {

struct BatchNorm {
  BatchNormWeights weights;

  BatchNorm(Binder at, Axis channel, double eps, Affine affine = Affine::yes)
      : weights(at.batch_norm(channel, eps, affine)) {}

  Tensor forward(Ops& op, const Tensor& x, Activation then = {}) const {
    return op.affine(x, weights.scale, weights.shift, then);
  }
};

}  // namespace nightingale

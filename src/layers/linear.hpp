// y[…, out] = x[…, in] · weightᵀ + bias
#pragma once

#include "checkpoint/binder.hpp"

namespace nightingale {

enum class Bias { yes, no };

struct Linear {
  Weight weight, bias;

  Linear(Binder at, Axis out, Axis in, Bias with = Bias::yes)
      : weight(at.tensor("weight", {out, in}, Use::matmul)),
        bias(with == Bias::yes ? at.tensor("bias", {out}) : Weight{}) {}

  Tensor forward(Ops& op, const Tensor& x, const Fused& fused = {}) const {
    return op.linear(x, weight, bias, fused);
  }
};

}  // namespace nightingale

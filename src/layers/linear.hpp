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
  Projection with(const Fused& fused = {}) const { return {weight, bias, fused}; }
};

// What several layers make of the same x, in their order.
inline std::vector<Tensor> forward_each(Ops& op, const Tensor& x, std::initializer_list<Projection> layers) {
  return op.linears(x, std::span<const Projection>(layers.begin(), layers.size()));
}

}  // namespace nightingale

#include "models/flow/solver.hpp"

#include <cmath>
#include <numbers>

namespace nightingale::flow {

std::vector<float> cosine_schedule(int steps) {
  std::vector<float> moments(static_cast<std::size_t>(steps) + 1);
  for (std::size_t i = 0; i < moments.size(); ++i) {
    const float even = static_cast<float>(i) / static_cast<float>(steps);
    moments[i] = 1 - std::cos(even * 0.5F * std::numbers::pi_v<float>);
  }
  return moments;
}

Tensor guide(Ops& op, const Tensor& conditioned, const Tensor& unconditioned, float guidance) {
  return op.combine(1 + guidance, conditioned, -guidance, unconditioned);
}

Tensor euler_step(Ops& op, const Tensor& x, const Tensor& velocity, float from, float to) {
  return op.combine(1, x, to - from, velocity);
}

}  // namespace nightingale::flow

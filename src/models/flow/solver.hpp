// The flow's differential equation: from noise to mel along the estimator's velocity, in Euler steps.
//
//   t_i = 1 − cos(π/2 · i/steps);   v = (1 + g)·v_conditioned − g·v_unconditioned;   x += (t_{i+1} − t_i)·v
// Source: flow_matching.py CausalConditionalCFM.
#pragma once

#include <vector>

#include "ops/ops.hpp"

namespace nightingale::flow {

// steps + 1 moments from 0 to 1.
std::vector<float> cosine_schedule(int steps);

// v = (1 + guidance)·conditioned − guidance·unconditioned
Tensor guide(Ops& op, const Tensor& conditioned, const Tensor& unconditioned, float guidance);

// x + (to − from)·velocity
Tensor euler_step(Ops& op, const Tensor& x, const Tensor& velocity, float from, float to);

}  // namespace nightingale::flow

// What the rules of operations with weights ask alike.
#pragma once

#include "ops/ops.hpp"
#include "ops/refusal.hpp"

namespace nightingale::rules {

Axis resolved(const Axis& axis);
// `layout` is the weight's axes in words: "[out, in]".
void require_rank(const Operation& operation, const Weight& weight, std::size_t rank, const char* layout);
// One value for each index of the axis that comes out, or no bias.
void require_bias(const Operation& operation, const Weight& bias, const Axis& out);
// What is added behind has the result's axes, or there is nothing to add.
void require_added(const Operation& operation, const Fused& fused, const Shape& result);
// The result's axes must be told apart by name, so a new one may not be there already.
void require_new(const Operation& operation, const Tensor& x, std::size_t replaced, const Axis& added);

}  // namespace nightingale::rules

#include "ops/rules_common.hpp"

namespace nightingale::rules {

Axis resolved(const Axis& axis) {
  return {axis.name, axis.size.resolved()};
}

void require_rank(const Operation& operation, const Weight& weight, std::size_t rank, const char* layout) {
  if (weight.shape().rank() == rank) return;
  refuse(operation,
         {"the weight has " + std::to_string(weight.shape().rank()) + " axes, not " + layout,
          "declare it with the axes " + std::string(layout)},
         {side(weight, layout)});
}

// One value for each index of the axis that comes out.
void require_bias(const Operation& operation, const Weight& bias, const Axis& out) {
  if (!bias) return;
  const Shape& axes = bias.shape();
  if (axes.rank() == 1 && axes[0].name == out.name && same(axes[0].size, out.size)) return;
  refuse(operation,
         {"the bias " + bias.path() + " is " + axes.text() + " but what comes out is " + quoted(out),
          "bind the bias with the axis that the weight puts out"},
         {side(bias, Shape{out}.text()), side(*operation.weight)});
}

void require_added(const Operation& operation, const Fused& fused, const Shape& result) {
  if (fused.add) require_equal(operation, {"the result", result}, {"what is added", *fused.add});
}

// The result's axes must be told apart by name, so a new one may not be there already.
void require_new(const Operation& operation, const Tensor& x, std::size_t replaced, const Axis& added) {
  for (std::size_t i = 0; i < x.shape().rank(); ++i) {
    if (i == replaced || x.shape()[i].name != added.name) continue;
    refuse(operation,
           {"the result would have two axes '" + std::string(added.name.text()) + "'",
            "rename the axis of x first"},
           {side({"x", x})});
  }
}

}  // namespace nightingale::rules

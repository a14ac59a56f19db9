// The loops over an activation's function, to be inlined into a kernel that has versions (multiversion.hpp).
#pragma once

#include "kernels/cpu/functions.hpp"
#include "ops/ops.hpp"

namespace nightingale::cpu {

// One loop a function: the compiler vectorises each body for each instruction set.
#define NIGHTINGALE_EACH(expression)                             \
  _Pragma("omp simd") for (std::int64_t i = 0; i < count; ++i) { \
    const float x = in[i];                                       \
    out[i] = (expression);                                       \
  }                                                              \
  break

NIGHTINGALE_INLINE void apply_each(Activation::Kind kind, float parameter, const float* in, float* out,
                                   std::int64_t count) {
  using Kind = Activation::Kind;
  switch (kind) {
    case Kind::none: NIGHTINGALE_EACH(x);
    case Kind::silu: NIGHTINGALE_EACH(silu(x));
    case Kind::gelu: NIGHTINGALE_EACH(gelu(x));
    case Kind::mish: NIGHTINGALE_EACH(mish(x));
    case Kind::elu: NIGHTINGALE_EACH(select(x > 0, x, exponential_minus_one(x)));
    case Kind::leaky_relu: NIGHTINGALE_EACH(select(x > 0, x, parameter * x));
    case Kind::relu: NIGHTINGALE_EACH(select(x < 0, 0.0F, x));
    case Kind::tanh: NIGHTINGALE_EACH(hyperbolic_tangent(x));
    case Kind::sigmoid: NIGHTINGALE_EACH(sigmoid(x));
    case Kind::sine: NIGHTINGALE_EACH(sine(x));
    case Kind::exponential: {
      NIGHTINGALE_EACH(select(exponential(x) > parameter, parameter, exponential(x)));
    }
    case Kind::absolute: NIGHTINGALE_EACH(select(x < 0, -x, x));
    case Kind::clamp:
      NIGHTINGALE_EACH(select(x < -parameter, -parameter, select(x > parameter, parameter, x)));
    case Kind::above: NIGHTINGALE_EACH(select(x > parameter, 1.0F, 0.0F));
  }
}

#undef NIGHTINGALE_EACH

}  // namespace nightingale::cpu

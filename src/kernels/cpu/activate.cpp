// Functions of one number, applied to each: see Activation in ops/ops.hpp for what each means.
#include "kernels/cpu/finish.hpp"
#include "kernels/cpu/functions.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/substrate.hpp"

namespace nightingale {

namespace cpu {

namespace {

// One loop a function: the compiler vectorises each body for each instruction set.
#define NIGHTINGALE_EACH(expression)                             \
  _Pragma("omp simd") for (std::int64_t i = 0; i < count; ++i) { \
    const float x = in[i];                                       \
    out[i] = (expression);                                       \
  }                                                              \
  break

NIGHTINGALE_MULTIVERSION
void apply_each(Activation::Kind kind, float parameter, const float* in, float* out, std::int64_t count) {
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

}  // namespace

void apply(Activation activation, const float* in, float* out, std::int64_t count) {
  if (activation.kind == Activation::Kind::none && in == out) return;
  apply_each(activation.kind, activation.parameter, in, out, count);
}

}  // namespace cpu

void Cpu::do_activate(const Tensor& x, Activation activation, Tensor& out) {
  constexpr std::int64_t cost = 4;  // steps of a vectorised polynomial
  const float* from = x.data<float>();
  float* to = out.data<float>();
  cpu::share(threads_, x.shape().elements(), cost, [&](std::int64_t first, std::int64_t last) {
    cpu::apply(activation, from + first, to + first, last - first);
  });
}

}  // namespace nightingale

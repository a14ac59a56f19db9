// Functions of one number, applied to each: see Activation in ops/ops.hpp for what each means.
#include "kernels/cpu/each.hpp"
#include "kernels/cpu/finish.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/substrate.hpp"

namespace nightingale {

namespace cpu {

NIGHTINGALE_MULTIVERSION
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

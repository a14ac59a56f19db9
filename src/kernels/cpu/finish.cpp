// See finish.hpp.
#include "kernels/cpu/finish.hpp"

#include "kernels/cpu/each.hpp"

namespace nightingale::cpu {

namespace {

NIGHTINGALE_INLINE void add_to(const float* __restrict add, float* __restrict out, std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) out[i] += add[i];
}

}  // namespace

Finish Finish::at(std::int64_t row, std::int64_t column) const {
  Finish part = *this;
  if (bias) part.bias = bias + column;
  if (add) part.add = add + row * add_stride + column;
  return part;
}

NIGHTINGALE_MULTIVERSION
void finish(const Finish& how, std::int64_t rows, std::int64_t columns, const Matrix& out) {
  if (how.nothing()) return;
  const bool changes = how.then.kind != Activation::Kind::none;
  for (std::int64_t row = 0; row < rows; ++row) {
    float* numbers = out.data + row * out.stride;
    if (how.bias) add_to(how.bias, numbers, columns);
    if (changes) apply_each(how.then.kind, how.then.parameter, numbers, numbers, columns);
    if (how.add) add_to(how.add + row * how.add_stride, numbers, columns);
  }
}

}  // namespace nightingale::cpu

// The end of a product, while its rows are still in cache: out = activation(out + bias) + add.
#pragma once

#include <cstdint>

#include "kernels/cpu/gemm.hpp"
#include "ops/ops.hpp"

namespace nightingale::cpu {

// in and out may be the same numbers.
void apply(Activation activation, const float* in, float* out, std::int64_t count);

struct Finish {
  const float* bias = nullptr;  // one a column, or none
  Activation then = {};
  const float* add = nullptr;  // laid out as out is, or none
  std::int64_t add_stride = 0;

  bool nothing() const { return !bias && !add && then.kind == Activation::Kind::none; }
  // The same for the part of the result that starts at this row and column.
  Finish at(std::int64_t row, std::int64_t column) const;
};

void finish(const Finish& how, std::int64_t rows, std::int64_t columns, const Matrix& out);

}  // namespace nightingale::cpu

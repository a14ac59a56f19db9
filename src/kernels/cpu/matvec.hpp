// A matrix times a few vectors, reading the matrix once and straight from where it lies: out[r][o] = Σ_i
// x[r][i]·w[o][i].
#pragma once

#include <cstdint>

namespace nightingale::cpu {

// At so many vectors or fewer this beats a matrix product, which would first copy the matrix into another
// order.
constexpr std::int64_t few_rows = 8;

// Outputs [first, last) of every row; x is rows × in, out rows × stride, weight [out, in]. Precondition: 1 ≤
// rows ≤ few_rows.
void matvec(std::int64_t rows, const float* x, std::int64_t in, const float* weight, std::int64_t first,
            std::int64_t last, float* out, std::int64_t stride);

}  // namespace nightingale::cpu

// Sixteen floats side by side: one AVX-512 register, two of AVX2, four of SSE2, as the compiler sees fit.
// Only as local variables of multiversioned functions: passing them would depend on the instruction set.
#pragma once

namespace nightingale::cpu {

constexpr int lanes = 16;
typedef float Lanes __attribute__((vector_size(lanes * sizeof(float)), aligned(sizeof(float)), may_alias));

}  // namespace nightingale::cpu

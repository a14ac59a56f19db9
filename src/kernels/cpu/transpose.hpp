// A matrix turned over: to[i][o] = from[o][i], so that it can be the right side of a product as it lies.
#pragma once

#include <cstdint>

namespace nightingale::cpu {

// from is rows × columns; to is columns × rows, without gaps.
void transpose(const float* from, std::int64_t stride, std::int64_t rows, std::int64_t columns, float* to);

}  // namespace nightingale::cpu

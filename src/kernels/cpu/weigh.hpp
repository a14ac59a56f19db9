// A weighted sum of rows, as attention makes of its values: out[c] = Σ_j weights[j] · rows[j·columns + c].
#pragma once

#include <cstdint>

namespace nightingale::cpu {

void weigh(const float* weights, std::int64_t count, const float* rows, std::int64_t columns, float* out);

}  // namespace nightingale::cpu

// Rows of bfloat16, half the bytes of float32: the keys and values of a decoder whose weights are of few
// bits.
#pragma once

#include <cstdint>

namespace nightingale::cpu {

void narrow(const float* from, std::int64_t count, std::uint16_t* to);
void widen(const std::uint16_t* from, std::int64_t count, float* to);

// scores[j] = Σ_i x[i]·rows[j][i] for rows [count, width].
void dot_narrow(const float* x, const std::uint16_t* rows, std::int64_t count, std::int64_t width,
                float* scores);

}  // namespace nightingale::cpu

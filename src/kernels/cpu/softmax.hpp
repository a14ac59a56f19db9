// Softmax over a row of scores, left without its division: the caller divides the few numbers that it makes
// of them.
#pragma once

#include <cstdint>

namespace nightingale::cpu {

// scores[j] becomes e^(scale·(scores[j] − the largest)); returns their sum.
float soften(float* scores, std::int64_t count, float scale);

// numbers[i] *= factor, and numbers[i] *= factors[i]
void multiply_by(float factor, float* numbers, std::int64_t count);
void multiply_each(const float* factors, float* numbers, std::int64_t count);

}  // namespace nightingale::cpu

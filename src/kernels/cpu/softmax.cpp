// See softmax.hpp.
#include "kernels/cpu/softmax.hpp"

#include <limits>

#include "kernels/cpu/functions.hpp"

namespace nightingale::cpu {

NIGHTINGALE_MULTIVERSION
float soften(float* scores, std::int64_t count, float scale) {
  float largest = -std::numeric_limits<float>::infinity();
#pragma omp simd reduction(max : largest)
  for (std::int64_t j = 0; j < count; ++j) largest = select(scores[j] > largest, scores[j], largest);
  constexpr float least = -87;  // 1e-38 of the largest counts as nothing beside it
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t j = 0; j < count; ++j) {
    const float less = scale * (scores[j] - largest);
    const float e = moderate_exponential(select(less < least, least, less));
    scores[j] = e;
    sum += e;
  }
  return sum;
}

NIGHTINGALE_MULTIVERSION
void multiply_by(float factor, float* numbers, std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) numbers[i] *= factor;
}

NIGHTINGALE_MULTIVERSION
void multiply_each(const float* factors, float* numbers, std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) numbers[i] *= factors[i];
}

}  // namespace nightingale::cpu

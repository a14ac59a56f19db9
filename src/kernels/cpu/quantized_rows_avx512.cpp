// Rows of floats as bytes by AVX-512, which narrows 16 numbers at once.
#if defined(__x86_64__)

// gcc 12's own headers leave registers undefined on purpose, and warn of it.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include <algorithm>

#include "kernels/cpu/functions.hpp"
#include "kernels/cpu/quantized_strip.hpp"

#define NIGHTINGALE_ROWS __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")))

namespace nightingale::cpu {

namespace {

constexpr std::int64_t lanes = 16;

// Up to 16 numbers from x[i], the others `otherwise`.
struct Some {
  __mmask16 real;
  __m512 numbers;
};
NIGHTINGALE_ROWS inline Some some(const float* x, std::int64_t left, __m512 otherwise) {
  const auto real = static_cast<__mmask16>(left >= lanes ? 0xffff : (1U << left) - 1);
  return {real, _mm512_mask_loadu_ps(otherwise, real, x)};
}

NIGHTINGALE_ROWS inline __m512i store_nearest(__m512 numbers, __mmask16 real, std::int8_t* to, __m512i sum) {
  const __m512i whole = _mm512_maskz_cvtps_epi32(real, numbers);
  _mm_mask_storeu_epi8(to, real, _mm512_cvtepi32_epi8(whole));
  return _mm512_add_epi32(sum, whole);
}

// e^x for x ≤ 0: the same steps as functions.hpp's exponential, 16 at a time.
NIGHTINGALE_ROWS inline __m512 exponentials(__m512 x) {
  constexpr float lowest = -87.0F;  // below, e^x is no byte's worth
  x = _mm512_max_ps(x, _mm512_set1_ps(lowest));
  const __m512 n =
      _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504F)), _MM_FROUND_TO_NEAREST_INT);
  const __m512 high = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375F), x);
  const __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4F), high);
  __m512 q = _mm512_set1_ps(8.33349768e-3F);
  q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(4.16662954e-2F));
  q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(1.66666657e-1F));
  q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(0.5F));
  const __m512 one = _mm512_set1_ps(1.0F);
  const __m512 power = _mm512_fmadd_ps(_mm512_mul_ps(r, r), q, _mm512_add_ps(r, one));
  return _mm512_scalef_ps(power, n);
}

NIGHTINGALE_ROWS inline float highest_of(const float* x, std::int64_t count) {
  const __m512 none = _mm512_set1_ps(-3.4e38F);
  __m512 highest = none;
  for (std::int64_t i = 0; i < count; i += lanes) {
    highest = _mm512_max_ps(highest, some(x + i, count - i, none).numbers);
  }
  return _mm512_reduce_max_ps(highest);
}

}  // namespace

NIGHTINGALE_ROWS void round_avx512(const float* x, const ByteRow& to) {
  for (std::int64_t start = 0, g = 0; start < to.count; start += to.group, ++g) {
    const std::int64_t count = std::min(to.group, to.count - start);
    __m512 most = _mm512_setzero_ps();
    for (std::int64_t i = 0; i < count; i += lanes) {
      most = _mm512_max_ps(most, _mm512_abs_ps(some(x + start + i, count - i, _mm512_setzero_ps()).numbers));
    }
    const float largest = _mm512_reduce_max_ps(most);
    const __m512 factor = _mm512_set1_ps(largest > 0 ? most_byte / largest : 0);
    __m512i sum = _mm512_setzero_si512();
    for (std::int64_t i = 0; i < count; i += lanes) {
      const Some part = some(x + start + i, count - i, _mm512_setzero_ps());
      sum = store_nearest(_mm512_mul_ps(part.numbers, factor), part.real, to.numbers + start + i, sum);
    }
    to.sums[g] = _mm512_reduce_add_epi32(sum);
    to.scales[g] = largest / most_byte;
  }
  fill_up(to);
}

NIGHTINGALE_ROWS float soften_avx512(const float* scores, float scale, const ByteRow& to) {
  float highest = -3.4e38F;
  for (std::int64_t start = 0, g = 0; start < to.count; start += to.group, ++g) {
    to.scales[g] = highest_of(scores + start, std::min(to.group, to.count - start));
    highest = std::max(highest, to.scales[g]);
  }
  const __m512 by = _mm512_set1_ps(scale), most = _mm512_set1_ps(most_byte);
  float sum = 0;
  for (std::int64_t start = 0, g = 0; start < to.count; start += to.group, ++g) {
    const std::int64_t count = std::min(to.group, to.count - start);
    const float own = to.scales[g];
    const __m512 of_group = _mm512_set1_ps(own);
    __m512i numbers = _mm512_setzero_si512();
    for (std::int64_t i = 0; i < count; i += lanes) {
      const Some part = some(scores + start + i, count - i, of_group);
      const __m512 softened = exponentials(_mm512_mul_ps(_mm512_sub_ps(part.numbers, of_group), by));
      numbers = store_nearest(_mm512_mul_ps(softened, most), part.real, to.numbers + start + i, numbers);
    }
    to.sums[g] = _mm512_reduce_add_epi32(numbers);
    to.scales[g] = _mm512_cvtss_f32(exponentials(_mm512_set1_ps(scale * (own - highest)))) / most_byte;
    sum += to.scales[g] * static_cast<float>(to.sums[g]);
  }
  fill_up(to);
  return sum;
}

}  // namespace nightingale::cpu

#endif

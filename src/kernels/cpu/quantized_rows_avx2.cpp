// Rows of floats as bytes by AVX2; quantized_rows_avx512.cpp does the same with registers of twice the width.
#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>

#include "kernels/cpu/quantized_strip.hpp"

#define NIGHTINGALE_ROWS __attribute__((target("avx2,fma")))

namespace nightingale::cpu {

namespace {

constexpr std::int64_t lanes = 8;
constexpr int registers = 8;  // of a group
constexpr std::int64_t whole_group = lanes * registers;

// A group's floats: where they lie, or at the end of a row a copy with `otherwise` behind the last.
class Group {
 public:
  Group(const float* x, const ByteRow& row, std::int64_t group, float otherwise)
      : at_(x + group * whole_group) {
    const std::int64_t left = row.count - group * whole_group;
    if (left >= whole_group) return;
    std::fill(std::copy_n(at_, left, copy_), copy_ + whole_group, otherwise);
    at_ = copy_;
  }
  const float* part(int i) const { return at_ + i * lanes; }

 private:
  const float* at_;
  float copy_[whole_group];
};

NIGHTINGALE_ROWS inline __m256 size_of(__m256 numbers) {
  return _mm256_andnot_ps(_mm256_set1_ps(-0.0F), numbers);
}

NIGHTINGALE_ROWS inline float highest_lane(__m256 numbers) {
  __m128 half = _mm_max_ps(_mm256_castps256_ps128(numbers), _mm256_extractf128_ps(numbers, 1));
  half = _mm_max_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}

// 32 bytes of four registers of whole numbers, in order.
NIGHTINGALE_ROWS inline __m256i narrowed(const __m256i* whole) {
  const __m256i mixed =
      _mm256_packs_epi16(_mm256_packs_epi32(whole[0], whole[1]), _mm256_packs_epi32(whole[2], whole[3]));
  return _mm256_permutevar8x32_epi32(mixed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

NIGHTINGALE_ROWS inline std::int32_t sum_of_bytes(__m256i bytes) {
  constexpr char sign = -128;  // the sums of differences are of unsigned bytes
  constexpr std::int32_t shifted = 32 * 128;
  const __m256i sums =
      _mm256_sad_epu8(_mm256_xor_si256(bytes, _mm256_set1_epi8(sign)), _mm256_setzero_si256());
  const __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  return _mm_cvtsi128_si32(half) + _mm_extract_epi32(half, 2) - shifted;
}

// To the nearest bytes, which are stored; returns their sum.
NIGHTINGALE_ROWS inline std::int32_t store_nearest(const __m256* numbers, std::int8_t* to) {
  __m256i whole[registers];
#pragma GCC unroll 8
  for (int i = 0; i < registers; ++i) whole[i] = _mm256_cvtps_epi32(numbers[i]);
  const __m256i low = narrowed(whole), high = narrowed(whole + registers / 2);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), low);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to) + 1, high);
  return sum_of_bytes(low) + sum_of_bytes(high);
}

// factor · 2^x for x ≤ 0: the cubic, whose exponent grows by the whole number.
NIGHTINGALE_ROWS inline __m256 powers_of_two(__m256 x, float factor) {
  constexpr float lowest = -100;  // where nothing is left of a byte, and a float has not ended
  constexpr int mantissa_bits = 23;
  x = _mm256_max_ps(x, _mm256_set1_ps(lowest));
  const __m256 below = _mm256_floor_ps(x), rest = _mm256_sub_ps(x, below);
  __m256 power = _mm256_set1_ps(cubic_of_power[0] * factor);
  power = _mm256_fmadd_ps(power, rest, _mm256_set1_ps(cubic_of_power[1] * factor));
  power = _mm256_fmadd_ps(power, rest, _mm256_set1_ps(cubic_of_power[2] * factor));
  power = _mm256_fmadd_ps(power, rest, _mm256_set1_ps(cubic_of_power[3] * factor));
  const __m256i exponent = _mm256_slli_epi32(_mm256_cvtps_epi32(below), mantissa_bits);
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(power), exponent));
}

// The highest of each group, which are in `to.scales`, to what the group's bytes count; returns the sum over
// all.
NIGHTINGALE_ROWS float weigh_groups(float by, const ByteRow& to) {
  const std::int64_t groups = to.groups();
  const float most = *std::max_element(to.scales, to.scales + groups);
  float sum = 0;
  for (std::int64_t g = 0; g < groups; ++g) {
    const __m256 less = _mm256_set1_ps((to.scales[g] - most) * by);
    to.scales[g] = _mm256_cvtss_f32(powers_of_two(less, 1 / to.most));
    sum += to.scales[g] * static_cast<float>(to.sums[g]);
  }
  return sum;
}

}  // namespace

// In two passes, so that no number waits for the largest of its group.
NIGHTINGALE_ROWS void round_avx2(const float* x, const ByteRow& to) {
  if (to.group != whole_group) return round_plain(x, to);
  const std::int64_t groups = to.groups();
  for (std::int64_t g = 0; g < groups; ++g) {
    const Group numbers(x, to, g, 0.0F);
    __m256 largest = _mm256_setzero_ps();
#pragma GCC unroll 8
    for (int i = 0; i < registers; ++i)
      largest = _mm256_max_ps(largest, size_of(_mm256_loadu_ps(numbers.part(i))));
    to.scales[g] = highest_lane(largest);
  }
  for (std::int64_t g = 0; g < groups; ++g) {
    const Group numbers(x, to, g, 0.0F);
    const float largest = to.scales[g];
    const __m256 factor = _mm256_set1_ps(largest > 0 ? to.most / largest : 0);
    __m256 scaled[registers];
#pragma GCC unroll 8
    for (int i = 0; i < registers; ++i) scaled[i] = _mm256_mul_ps(_mm256_loadu_ps(numbers.part(i)), factor);
    to.sums[g] = store_nearest(scaled, to.numbers + g * whole_group);
    to.scales[g] = largest / to.most;
  }
}

NIGHTINGALE_ROWS float soften_avx2(const float* scores, float scale, const ByteRow& to) {
  if (to.group != whole_group) return soften_plain(scores, scale, to);
  constexpr float log2_e = 1.44269504F;
  const float by = scale * log2_e, most = to.most;  // which the bytes that are written cannot change
  const std::int64_t groups = to.groups();
  for (std::int64_t g = 0; g < groups; ++g) {
    const Group numbers(scores, to, g, below_every_score);
    __m256 highest = _mm256_set1_ps(below_every_score);
#pragma GCC unroll 8
    for (int i = 0; i < registers; ++i) highest = _mm256_max_ps(highest, _mm256_loadu_ps(numbers.part(i)));
    to.scales[g] = highest_lane(highest);
  }
  for (std::int64_t g = 0; g < groups; ++g) {
    const Group numbers(scores, to, g, below_every_score);
    const __m256 own = _mm256_set1_ps(to.scales[g] * by);
    __m256 softened[registers];
#pragma GCC unroll 8
    for (int i = 0; i < registers; ++i) {
      const __m256 less = _mm256_fmsub_ps(_mm256_loadu_ps(numbers.part(i)), _mm256_set1_ps(by), own);
      softened[i] = powers_of_two(less, most);
    }
    to.sums[g] = store_nearest(softened, to.numbers + g * whole_group);
  }
  return weigh_groups(by, to);
}

}  // namespace nightingale::cpu

#endif

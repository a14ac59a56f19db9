// Rows of floats as bytes by AVX-512, which narrows 16 numbers at once.
#if defined(__x86_64__)

// gcc 12's own headers leave registers undefined on purpose, and warn of it.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include <algorithm>

#include "kernels/cpu/quantized_strip.hpp"

#define NIGHTINGALE_ROWS __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")))

namespace nightingale::cpu {

namespace {

constexpr std::int64_t lanes = 16;

// A group of 16 · registers numbers.
template <int registers>
struct Numbers {
  __m512 part[registers];
};

// Up to a group from x, `otherwise` where there are no more.
template <int registers>
NIGHTINGALE_ROWS inline Numbers<registers> load_group(const float* x, std::int64_t left, float otherwise) {
  Numbers<registers> numbers;
  if (left >= registers * lanes) {
#pragma GCC unroll 4
    for (int i = 0; i < registers; ++i) numbers.part[i] = _mm512_loadu_ps(x + i * lanes);
    return numbers;
  }
#pragma GCC unroll 4
  for (int i = 0; i < registers; ++i) {
    const std::int64_t here = std::clamp<std::int64_t>(left - i * lanes, 0, lanes);
    const auto real = static_cast<__mmask16>((1U << here) - 1);
    numbers.part[i] = _mm512_mask_loadu_ps(_mm512_set1_ps(otherwise), real, x + i * lanes);
  }
  return numbers;
}

template <int registers>
NIGHTINGALE_ROWS inline Numbers<registers> group_of(const float* x, const ByteRow& row, std::int64_t group,
                                                    float otherwise) {
  const std::int64_t start = group * row.group;
  return load_group<registers>(x + start, row.count - start, otherwise);
}

template <int registers>
NIGHTINGALE_ROWS inline float highest_of(const Numbers<registers>& numbers) {
  __m512 highest = numbers.part[0];
#pragma GCC unroll 4
  for (int i = 1; i < registers; ++i) highest = _mm512_max_ps(highest, numbers.part[i]);
  return _mm512_reduce_max_ps(highest);
}

// To the nearest bytes, which are stored; returns their sum.
template <int registers>
NIGHTINGALE_ROWS inline std::int32_t store_nearest(const Numbers<registers>& numbers, std::int8_t* to) {
  __m512i whole[4] = {};
#pragma GCC unroll 4
  for (int i = 0; i < registers; ++i) whole[i] = _mm512_cvtps_epi32(numbers.part[i]);
  // Packing puts four bytes of each register beside each other: they are put in order once, at the end.
  const __m512i mixed =
      _mm512_packs_epi16(_mm512_packs_epi32(whole[0], whole[1]), _mm512_packs_epi32(whole[2], whole[3]));
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i bytes = _mm512_permutexvar_epi32(order, mixed);
  constexpr auto stored = static_cast<__mmask16>((1U << (4 * registers)) - 1);
  _mm512_mask_storeu_epi32(to, stored, bytes);
  constexpr char sign = -128;  // the sums of differences are of unsigned bytes
  constexpr std::int32_t shifted = 64 * 128;
  const __m512i sums = _mm512_sad_epu8(_mm512_xor_si512(bytes, _mm512_set1_epi8(sign)), __m512i{});
  return static_cast<std::int32_t>(_mm512_reduce_add_epi64(sums)) - shifted;
}

// The largest number becomes ±127. In two passes, so that no number waits for the largest of its group.
template <int registers>
NIGHTINGALE_ROWS void round_groups(const float* x, const ByteRow& to) {
  const std::int64_t groups = to.groups();
  for (std::int64_t g = 0; g < groups; ++g) {
    Numbers<registers> sizes = group_of<registers>(x, to, g, 0.0F);
#pragma GCC unroll 4
    for (int i = 0; i < registers; ++i) sizes.part[i] = _mm512_abs_ps(sizes.part[i]);
    to.scales[g] = highest_of(sizes);
  }
  for (std::int64_t g = 0; g < groups; ++g) {
    const float largest = to.scales[g];
    const __m512 factor = _mm512_set1_ps(largest > 0 ? to.most / largest : 0);
    Numbers<registers> numbers = group_of<registers>(x, to, g, 0.0F);
#pragma GCC unroll 4
    for (int i = 0; i < registers; ++i) numbers.part[i] = _mm512_mul_ps(numbers.part[i], factor);
    to.sums[g] = store_nearest(numbers, to.numbers + g * to.group);
    to.scales[g] = largest / to.most;
  }
}

// factor · 2^x for x ≤ 0: 2 to the whole number below x, times the cubic over what is left.
NIGHTINGALE_ROWS inline __m512 powers_of_two(__m512 x, float factor) {
  const __m512 rest = _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF);
  __m512 power = _mm512_set1_ps(cubic_of_power[0] * factor);
  power = _mm512_fmadd_ps(power, rest, _mm512_set1_ps(cubic_of_power[1] * factor));
  power = _mm512_fmadd_ps(power, rest, _mm512_set1_ps(cubic_of_power[2] * factor));
  power = _mm512_fmadd_ps(power, rest, _mm512_set1_ps(cubic_of_power[3] * factor));
  return _mm512_scalef_ps(power, x);
}

// A column as whole numbers, zeros behind the last.
NIGHTINGALE_ROWS inline __m512i nearest_column(const Columns& columns, std::int64_t c, __m512 inverse) {
  if (c >= columns.count) return _mm512_setzero_si512();
  return _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(columns.at + c * columns.stride), inverse));
}

// The highest of each group, which are in `to.scales`, to what the group's bytes count; returns the sum over
// all.
NIGHTINGALE_ROWS float weigh_groups(float by, const ByteRow& to) {
  const std::int64_t groups = to.groups();
  __m512 highest = _mm512_set1_ps(below_every_score);
  const auto real = [groups](std::int64_t g) {
    return static_cast<__mmask16>((1U << std::min(groups - g, lanes)) - 1);
  };
  for (std::int64_t g = 0; g < groups; g += lanes) {
    highest = _mm512_mask_max_ps(highest, real(g), highest, _mm512_maskz_loadu_ps(real(g), to.scales + g));
  }
  const __m512 most = _mm512_set1_ps(_mm512_reduce_max_ps(highest));
  __m512 sum = _mm512_setzero_ps();
  for (std::int64_t g = 0; g < groups; g += lanes) {
    const __m512 less = _mm512_sub_ps(_mm512_maskz_loadu_ps(real(g), to.scales + g), most);
    const __m512 scale = powers_of_two(_mm512_mul_ps(less, _mm512_set1_ps(by)), 1 / to.most);
    _mm512_mask_storeu_ps(to.scales + g, real(g), scale);
    const __m512 of_numbers = _mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(real(g), to.sums + g));
    sum = _mm512_fmadd_ps(scale, of_numbers, sum);
  }
  return _mm512_reduce_add_ps(sum);
}

}  // namespace

void round_avx512(const float* x, const ByteRow& to) {
  if (to.group == 4 * lanes) return round_groups<4>(x, to);
  if (to.group == 2 * lanes) return round_groups<2>(x, to);
  round_plain(x, to);
}

NIGHTINGALE_ROWS float soften_avx512(const float* scores, float scale, const ByteRow& to) {
  constexpr int registers = 4;
  if (to.group != registers * lanes) return soften_plain(scores, scale, to);
  constexpr float log2_e = 1.44269504F;
  const float by = scale * log2_e, most = to.most;  // which the bytes that are written cannot change
  const std::int64_t groups = to.groups();
  // In two passes, so that no number waits for the highest of its group.
  for (std::int64_t g = 0; g < groups; ++g) {
    to.scales[g] = highest_of(group_of<registers>(scores, to, g, below_every_score));
  }
  for (std::int64_t g = 0; g < groups; ++g) {
    Numbers<registers> numbers = group_of<registers>(scores, to, g, below_every_score);
    const __m512 own = _mm512_set1_ps(to.scales[g] * by);
#pragma GCC unroll 4
    for (int i = 0; i < registers; ++i) {
      numbers.part[i] = powers_of_two(_mm512_fmsub_ps(numbers.part[i], _mm512_set1_ps(by), own), most);
    }
    to.sums[g] = store_nearest(numbers, to.numbers + g * to.group);
  }
  return weigh_groups(by, to);
}

NIGHTINGALE_ROWS void columns_avx512(const Columns& columns, std::int64_t group, std::uint8_t* numbers,
                                     std::uint16_t* scales) {
  constexpr std::int64_t quad = QuantizedLayout::quad;
  __m512 largest = _mm512_setzero_ps();
  for (std::int64_t c = 0; c < columns.count; ++c) {
    largest = _mm512_max_ps(largest, _mm512_abs_ps(_mm512_loadu_ps(columns.at + c * columns.stride)));
  }
  float sizes[lanes], inverses[lanes];
  _mm512_storeu_ps(sizes, largest);
  scale_rows(sizes, scales, inverses);
  const __m512 inverse = _mm512_loadu_ps(inverses);
  // Σ number·256^i + 128·256^i: what a number below nought borrows from the next byte, the 128 give back.
  constexpr int zeros = static_cast<int>(0x80808080U);
  for (std::int64_t c = 0; c < group; c += quad, numbers += lanes * quad) {
    const __m512i low = _mm512_add_epi32(nearest_column(columns, c, inverse),
                                         _mm512_slli_epi32(nearest_column(columns, c + 1, inverse), 8));
    const __m512i high = _mm512_add_epi32(nearest_column(columns, c + 2, inverse),
                                          _mm512_slli_epi32(nearest_column(columns, c + 3, inverse), 8));
    const __m512i four = _mm512_add_epi32(low, _mm512_slli_epi32(high, 16));
    _mm512_storeu_si512(numbers, _mm512_add_epi32(four, _mm512_set1_epi32(zeros)));
  }
}

}  // namespace nightingale::cpu

#endif

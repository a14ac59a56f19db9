// A strip by AVX-512 VNNI: one instruction adds 64 products of bytes to 16 sums. It takes the matrix's
// numbers unsigned and x's signed, so int8's zero of 128 is taken off before: −128·Σx is where the sums
// begin.
#if defined(__x86_64__)

// gcc 12's own headers leave registers undefined on purpose, and warn of it.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include <cstring>

#include "kernels/cpu/quantized_strip.hpp"

#define NIGHTINGALE_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma")))

namespace nightingale::cpu {

namespace {

constexpr std::int64_t lanes = QuantizedLayout::strip, quad = QuantizedLayout::quad;

NIGHTINGALE_VNNI inline __m512 from_bfloat16s(const std::uint16_t* bits) {
  constexpr int dropped = 16;
  const __m256i narrow = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bits));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(narrow), dropped));
}

// Four of x's bytes, in every lane.
NIGHTINGALE_VNNI inline __m512i spread_quad(const std::int8_t* x) {
  std::int32_t four;
  std::memcpy(&four, x, sizeof four);
  return _mm512_set1_epi32(four);
}

NIGHTINGALE_VNNI inline __m512i read_ahead(const std::uint8_t* numbers) {
  _mm_prefetch(reinterpret_cast<const char*>(numbers + bytes_ahead), _MM_HINT_T1);
  return _mm512_loadu_si512(numbers);
}

// Each row has two sums, which wait for each other half as long.
template <int rows>
using Sums = __m512i[rows][2];

template <int rows>
NIGHTINGALE_VNNI inline void add_int8(const std::uint8_t* numbers, const std::int8_t* x, std::int64_t columns,
                                      std::int64_t group, Sums<rows>& sum) {
  for (std::int64_t c = 0; c < group; c += 2 * quad, numbers += 2 * lanes * quad) {
    const __m512i w = read_ahead(numbers), beside = read_ahead(numbers + lanes * quad);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      const std::int8_t* of_row = x + r * columns + c;
      sum[r][0] = _mm512_dpbusd_epi32(sum[r][0], w, spread_quad(of_row));
      sum[r][1] = _mm512_dpbusd_epi32(sum[r][1], beside, spread_quad(of_row + quad));
    }
  }
}

template <int rows>
NIGHTINGALE_VNNI inline void add_int4(const std::uint8_t* numbers, const std::int8_t* x, std::int64_t columns,
                                      std::int64_t group, Sums<rows>& sum) {
  const __m512i half = _mm512_set1_epi8(15);
#pragma GCC unroll 2
  for (std::int64_t c = 0; c < group; c += 2 * quad, numbers += lanes * quad) {
    const __m512i both = read_ahead(numbers);
    const __m512i low = _mm512_and_si512(both, half);
    const __m512i high = _mm512_and_si512(_mm512_srli_epi16(both, 4), half);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      const std::int8_t* of_row = x + r * columns + c;
      sum[r][0] = _mm512_dpbusd_epi32(sum[r][0], low, spread_quad(of_row));
      sum[r][1] = _mm512_dpbusd_epi32(sum[r][1], high, spread_quad(of_row + quad));
    }
  }
}

template <int rows, bool int4>
NIGHTINGALE_VNNI void strip_of(const Strip& s, const XRows& x, float* out, std::int64_t stride) {
  __m512 total[rows];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) total[r] = _mm512_setzero_ps();
  const std::int64_t bytes = s.group * lanes / (int4 ? 2 : 1);
  for (std::int64_t g = 0; g < s.groups; ++g) {
    Sums<rows> sum;
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      const std::int32_t zero = int4 ? 0 : -QuantizedLayout::int8_zero * x.sums[r * s.groups + g];
      sum[r][0] = _mm512_set1_epi32(zero);
      sum[r][1] = _mm512_setzero_si512();
    }
    if constexpr (int4) {
      add_int4<rows>(s.numbers + g * bytes, x.numbers + g * s.group, x.columns, s.group, sum);
    } else {
      add_int8<rows>(s.numbers + g * bytes, x.numbers + g * s.group, x.columns, s.group, sum);
    }
    const __m512 scale = from_bfloat16s(s.scales + g * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      const __m512 of_x = _mm512_set1_ps(x.scales[r * s.groups + g]);
      const __m512 whole = _mm512_cvtepi32_ps(_mm512_add_epi32(sum[r][0], sum[r][1]));
      total[r] = _mm512_fmadd_ps(whole, _mm512_mul_ps(scale, of_x), total[r]);
      if constexpr (int4) {
        const float all = x.scales[r * s.groups + g] * static_cast<float>(x.sums[r * s.groups + g]);
        total[r] = _mm512_fmadd_ps(from_bfloat16s(s.minima + g * lanes), _mm512_set1_ps(all), total[r]);
      }
    }
  }
  const auto real = static_cast<__mmask16>((1U << s.outputs) - 1);
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) _mm512_mask_storeu_ps(out + r * stride, real, total[r]);
}

template <int rows>
NIGHTINGALE_VNNI void strip_of_either(const Strip& s, const XRows& x, float* out, std::int64_t stride) {
  s.minima ? strip_of<rows, true>(s, x, out, stride) : strip_of<rows, false>(s, x, out, stride);
}

// The sums of one group for both strips.
NIGHTINGALE_VNNI inline void sums_of_pair(const std::uint8_t* one, const std::uint8_t* other,
                                          const std::int8_t* x, std::int64_t columns, std::int64_t group,
                                          __m512i (*sum)[2]) {
#pragma GCC unroll 4
  for (std::int64_t c = 0; c < group; c += quad, one += lanes * quad, other += lanes * quad) {
    const __m512i w = _mm512_loadu_si512(one), beside = _mm512_loadu_si512(other);
#pragma GCC unroll 6
    for (int r = 0; r < rows_of_pair; ++r) {
      const __m512i four = spread_quad(x + r * columns + c);
      sum[r][0] = _mm512_dpbusd_epi32(sum[r][0], w, four);
      sum[r][1] = _mm512_dpbusd_epi32(sum[r][1], beside, four);
    }
  }
}

}  // namespace

NIGHTINGALE_VNNI void strip_vnni(std::int64_t rows, const Strip& strip, const XRows& x, float* out,
                                 std::int64_t stride) {
  switch (rows) {
    case 1: return strip_of_either<1>(strip, x, out, stride);
    case 2: return strip_of_either<2>(strip, x, out, stride);
    case 4: return strip_of_either<4>(strip, x, out, stride);
    default: return strip_of_either<8>(strip, x, out, stride);
  }
}

NIGHTINGALE_VNNI void pair_vnni(const Strip& one, const Strip& other, const XRows& x, float* out,
                                std::int64_t stride) {
  __m512 total[rows_of_pair][2];
#pragma GCC unroll 6
  for (int r = 0; r < rows_of_pair; ++r) total[r][0] = total[r][1] = _mm512_setzero_ps();
  for (std::int64_t g = 0; g < one.groups; ++g) {
    __m512i sum[rows_of_pair][2];
#pragma GCC unroll 6
    for (int r = 0; r < rows_of_pair; ++r) {
      sum[r][0] = sum[r][1] = _mm512_set1_epi32(-QuantizedLayout::int8_zero * x.sums[r * one.groups + g]);
    }
    const std::int64_t bytes = g * one.group * lanes;
    sums_of_pair(one.numbers + bytes, other.numbers + bytes, x.numbers + g * one.group, x.columns, one.group,
                 sum);
    const __m512 scale = from_bfloat16s(one.scales + g * lanes),
                 beside = from_bfloat16s(other.scales + g * lanes);
#pragma GCC unroll 6
    for (int r = 0; r < rows_of_pair; ++r) {
      const __m512 of_x = _mm512_set1_ps(x.scales[r * one.groups + g]);
      total[r][0] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[r][0]), _mm512_mul_ps(scale, of_x), total[r][0]);
      total[r][1] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[r][1]), _mm512_mul_ps(beside, of_x), total[r][1]);
    }
  }
  const auto real = static_cast<__mmask16>((1U << other.outputs) - 1);
#pragma GCC unroll 6
  for (int r = 0; r < rows_of_pair; ++r) {
    _mm512_storeu_ps(out + r * stride, total[r][0]);
    _mm512_mask_storeu_ps(out + r * stride + lanes, real, total[r][1]);
  }
}

}  // namespace nightingale::cpu

#endif

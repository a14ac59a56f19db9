// A strip by AVX2, eight outputs a register. The only product of bytes there adds neighbouring pairs into 16
// bits: enough for int4's numbers over eight quads; for int8's only when neither side reaches 128, so the
// sign of x goes over to the matrix's number.
#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "kernels/cpu/quantized_strip.hpp"

#define NIGHTINGALE_BYTES_AVX2 __attribute__((target("avx2,fma")))

namespace nightingale::cpu {

namespace {

constexpr std::int64_t lanes = QuantizedLayout::strip, quad = QuantizedLayout::quad;
constexpr std::int64_t bytes_of_register = 32, lanes_of_register = 8;
constexpr int registers = 2;  // of a strip

NIGHTINGALE_BYTES_AVX2 inline __m256 from_bfloat16s(const std::uint16_t* bits) {
  constexpr int dropped = 16;
  const __m128i narrow = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bits));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(narrow), dropped));
}

NIGHTINGALE_BYTES_AVX2 inline __m256i spread_quad(const std::int8_t* x) {
  std::int32_t four;
  std::memcpy(&four, x, sizeof four);
  return _mm256_set1_epi32(four);
}

NIGHTINGALE_BYTES_AVX2 inline __m256i read_part(const std::uint8_t* numbers, int part) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(numbers + part * bytes_of_register));
}

NIGHTINGALE_BYTES_AVX2 inline __m256i added_pairs(__m256i sum, __m256i pairs) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

template <int rows>
NIGHTINGALE_BYTES_AVX2 inline void sums_of_int8(const std::uint8_t* numbers, const std::int8_t* x,
                                                std::int64_t columns, std::int64_t group,
                                                __m256i (*sum)[registers]) {
  const __m256i zero = _mm256_set1_epi8(static_cast<char>(QuantizedLayout::int8_zero));
  for (std::int64_t c = 0; c < group; c += quad, numbers += lanes * quad) {
    _mm_prefetch(reinterpret_cast<const char*>(numbers + bytes_ahead), _MM_HINT_T1);
    const __m256i w[registers] = {_mm256_xor_si256(read_part(numbers, 0), zero),
                                  _mm256_xor_si256(read_part(numbers, 1), zero)};
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) {
      const __m256i of_x = spread_quad(x + r * columns + c);
      const __m256i size = _mm256_abs_epi8(of_x);
#pragma GCC unroll 2
      for (int part = 0; part < registers; ++part) {
        sum[r][part] = added_pairs(sum[r][part], _mm256_maddubs_epi16(size, _mm256_sign_epi8(w[part], of_x)));
      }
    }
  }
}

template <int rows>
NIGHTINGALE_BYTES_AVX2 inline void sums_of_int4(const std::uint8_t* numbers, const std::int8_t* x,
                                                std::int64_t columns, std::int64_t group,
                                                __m256i (*sum)[registers]) {
  constexpr std::int64_t columns_that_fit = 32;  // eight quads: 8 · 2 · 15 · 127 is below 2^15
  const __m256i half = _mm256_set1_epi8(15);
  for (std::int64_t start = 0; start < group; start += columns_that_fit) {
    __m256i pairs[rows][registers];
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) pairs[r][0] = pairs[r][1] = _mm256_setzero_si256();
    const std::int64_t end = std::min(group, start + columns_that_fit);
    for (std::int64_t c = start; c < end; c += 2 * quad, numbers += lanes * quad) {
      _mm_prefetch(reinterpret_cast<const char*>(numbers + bytes_ahead), _MM_HINT_T1);
#pragma GCC unroll 2
      for (int part = 0; part < registers; ++part) {
        const __m256i both = read_part(numbers, part);
        const __m256i low = _mm256_and_si256(both, half);
        const __m256i high = _mm256_and_si256(_mm256_srli_epi16(both, 4), half);
#pragma GCC unroll 4
        for (int r = 0; r < rows; ++r) {
          const std::int8_t* of_row = x + r * columns + c;
          const __m256i products = _mm256_add_epi16(_mm256_maddubs_epi16(low, spread_quad(of_row)),
                                                    _mm256_maddubs_epi16(high, spread_quad(of_row + quad)));
          pairs[r][part] = _mm256_add_epi16(pairs[r][part], products);
        }
      }
    }
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) {
      for (int part = 0; part < registers; ++part) sum[r][part] = added_pairs(sum[r][part], pairs[r][part]);
    }
  }
}

template <int rows, bool int4>
NIGHTINGALE_BYTES_AVX2 void strip_of(const Strip& s, const XRows& x, float* out, std::int64_t stride) {
  __m256 total[rows][registers];
  for (int r = 0; r < rows; ++r) total[r][0] = total[r][1] = _mm256_setzero_ps();
  const std::int64_t bytes = s.group * lanes / (int4 ? 2 : 1);
  for (std::int64_t g = 0; g < s.groups; ++g) {
    __m256i sum[rows][registers];
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) sum[r][0] = sum[r][1] = _mm256_setzero_si256();
    if constexpr (int4) {
      sums_of_int4<rows>(s.numbers + g * bytes, x.numbers + g * s.group, x.columns, s.group, sum);
    } else {
      sums_of_int8<rows>(s.numbers + g * bytes, x.numbers + g * s.group, x.columns, s.group, sum);
    }
#pragma GCC unroll 2
    for (int part = 0; part < registers; ++part) {
      const std::int64_t lane = g * lanes + part * lanes_of_register;
      const __m256 scale = from_bfloat16s(s.scales + lane);
#pragma GCC unroll 4
      for (int r = 0; r < rows; ++r) {
        const float of_x = x.scales[r * s.groups + g];
        const __m256 both = _mm256_mul_ps(scale, _mm256_set1_ps(of_x));
        total[r][part] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[r][part]), both, total[r][part]);
        if constexpr (int4) {
          const __m256 all = _mm256_set1_ps(of_x * static_cast<float>(x.sums[r * s.groups + g]));
          total[r][part] = _mm256_fmadd_ps(from_bfloat16s(s.minima + lane), all, total[r][part]);
        }
      }
    }
  }
  for (int r = 0; r < rows; ++r) {
    float numbers[lanes];
    for (int part = 0; part < registers; ++part) {
      _mm256_storeu_ps(numbers + part * lanes_of_register, total[r][part]);
    }
    std::copy_n(numbers, s.outputs, out + r * stride);
  }
}

template <int rows>
NIGHTINGALE_BYTES_AVX2 void strip_of_either(const Strip& s, const XRows& x, float* out, std::int64_t stride) {
  s.minima ? strip_of<rows, true>(s, x, out, stride) : strip_of<rows, false>(s, x, out, stride);
}

// What lies below the first `rows` rows.
NIGHTINGALE_BYTES_AVX2 XRows below(const XRows& x, const Strip& s, std::int64_t rows) {
  return {x.numbers + rows * x.columns, x.scales + rows * s.groups, x.sums + rows * s.groups, x.columns};
}

}  // namespace

NIGHTINGALE_BYTES_AVX2 void strip_avx2(std::int64_t rows, const Strip& strip, const XRows& x, float* out,
                                       std::int64_t stride) {
  // The rows left over take the kernels of fewer.
  std::int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    strip_of_either<4>(strip, below(x, strip, row), out + row * stride, stride);
  }
  for (; row + 2 <= rows; row += 2) {
    strip_of_either<2>(strip, below(x, strip, row), out + row * stride, stride);
  }
  if (row < rows) strip_of_either<1>(strip, below(x, strip, row), out + row * stride, stride);
}

}  // namespace nightingale::cpu

#endif

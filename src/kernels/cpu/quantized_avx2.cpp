// A strip by AVX2, eight outputs a register, or by AVX-VNNI, the desktop's part of AVX-512 VNNI, which adds
// four products of bytes to a sum at once. AVX2's only product of bytes adds neighbouring pairs into 16 bits:
// enough for int4's numbers over eight quads; for int8's when x stays within ±63 (most_avx2). To keep x's
// last bit its sign would have to go over to the matrix, which costs a quarter of the products a second. As
// everywhere, int8's zero of 128 is taken off before: −128·Σx is where the sums begin.
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

// Sums by the size of their numbers: those of the intrinsics' own type gcc 12 copies after every addition.
typedef std::int32_t Sums __attribute__((vector_size(bytes_of_register)));
typedef std::int16_t Pairs __attribute__((vector_size(bytes_of_register)));

// The scales or minima of a strip's outputs in one group.
struct Halves {
  __m256 of[registers];
};

NIGHTINGALE_BYTES_AVX2 inline __m256 from_bfloat16s(const std::uint16_t* bits) {
  constexpr int dropped = 16;
  const __m128i narrow = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bits));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(narrow), dropped));
}

NIGHTINGALE_BYTES_AVX2 inline Halves halves(const std::uint16_t* bits) {
  return {{from_bfloat16s(bits), from_bfloat16s(bits + lanes_of_register)}};
}

NIGHTINGALE_BYTES_AVX2 inline __m256i spread_quad(const std::int8_t* x) {
  std::int32_t four;
  std::memcpy(&four, x, sizeof four);
  return _mm256_set1_epi32(four);
}

NIGHTINGALE_BYTES_AVX2 inline __m256i read_part(const std::uint8_t* numbers, int part) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(numbers + part * bytes_of_register));
}

// The products of unsigned by signed bytes, added in pairs.
NIGHTINGALE_BYTES_AVX2 inline Pairs pairs_of(__m256i w, __m256i x) {
  return reinterpret_cast<Pairs>(_mm256_maddubs_epi16(w, x));
}

NIGHTINGALE_BYTES_AVX2 inline Sums sums_of(Pairs pairs) {
  return reinterpret_cast<Sums>(_mm256_madd_epi16(reinterpret_cast<__m256i>(pairs), _mm256_set1_epi16(1)));
}

// How the products of int8 come to a sum of 32 bits.
struct ByPairs {
  NIGHTINGALE_BYTES_AVX2 static void add(__m256i w, __m256i x, Sums& sum) { sum += sums_of(pairs_of(w, x)); }
};
// One instruction of AVX-VNNI, written out: a function for it could not be inlined into one for AVX2.
struct AtOnce {
  NIGHTINGALE_BYTES_AVX2 static void add(__m256i w, __m256i x, Sums& sum) {
    asm("%{vex%} vpdpbusd %[x], %[w], %[sum]" : [sum] "+x"(sum) : [w] "x"(w), [x] "x"(x));
  }
};

template <typename Int8, int rows>
NIGHTINGALE_BYTES_AVX2 inline void add_int8(const std::uint8_t* numbers, const std::int8_t* x,
                                            std::int64_t columns, std::int64_t group,
                                            Sums (*sum)[registers]) {
  for (std::int64_t c = 0; c < group; c += quad, numbers += lanes * quad) {
    _mm_prefetch(reinterpret_cast<const char*>(numbers + bytes_ahead), _MM_HINT_T1);
    const __m256i w[registers] = {read_part(numbers, 0), read_part(numbers, 1)};
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) {
      const __m256i of_x = spread_quad(x + r * columns + c);
      Int8::add(w[0], of_x, sum[r][0]);
      Int8::add(w[1], of_x, sum[r][1]);
    }
  }
}

template <int rows>
NIGHTINGALE_BYTES_AVX2 inline void add_int4(const std::uint8_t* numbers, const std::int8_t* x,
                                            std::int64_t columns, std::int64_t group,
                                            Sums (*sum)[registers]) {
  constexpr std::int64_t columns_that_fit = 32;  // eight quads: 8 · 2 · 15 · 127 is below 2^15
  const __m256i half = _mm256_set1_epi8(15);
  for (std::int64_t start = 0; start < group; start += columns_that_fit) {
    Pairs pairs[rows][registers];
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) pairs[r][0] = pairs[r][1] = Pairs{};
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
          pairs[r][part] += pairs_of(low, spread_quad(of_row)) + pairs_of(high, spread_quad(of_row + quad));
        }
      }
    }
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) {
      for (int part = 0; part < registers; ++part) sum[r][part] += sums_of(pairs[r][part]);
    }
  }
}

template <typename Int8, int rows, bool int4>
NIGHTINGALE_BYTES_AVX2 void strip_of(const Strip& s, const XRows& x, float* out, std::int64_t stride) {
  __m256 total[rows][registers];
#pragma GCC unroll 4
  for (int r = 0; r < rows; ++r) total[r][0] = total[r][1] = _mm256_setzero_ps();
  const std::int64_t bytes = s.group * lanes / (int4 ? 2 : 1);
  for (std::int64_t g = 0; g < s.groups; ++g) {
    Sums sum[rows][registers];
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) {
      sum[r][0] = sum[r][1] = Sums{} - (int4 ? 0 : QuantizedLayout::int8_zero * x.sums[r * s.groups + g]);
    }
    if constexpr (int4) {
      add_int4<rows>(s.numbers + g * bytes, x.numbers + g * s.group, x.columns, s.group, sum);
    } else {
      add_int8<Int8, rows>(s.numbers + g * bytes, x.numbers + g * s.group, x.columns, s.group, sum);
    }
    const Halves scale = halves(s.scales + g * lanes);
    const Halves minimum = int4 ? halves(s.minima + g * lanes) : Halves{};
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) {
      const float of_x = x.scales[r * s.groups + g];
      const __m256 spread = _mm256_set1_ps(of_x);
      const __m256 all = int4 ? _mm256_set1_ps(of_x * static_cast<float>(x.sums[r * s.groups + g])) : spread;
#pragma GCC unroll 2
      for (int part = 0; part < registers; ++part) {
        const __m256 whole = _mm256_cvtepi32_ps(reinterpret_cast<__m256i>(sum[r][part]));
        total[r][part] = _mm256_fmadd_ps(whole, _mm256_mul_ps(scale.of[part], spread), total[r][part]);
        if constexpr (int4) total[r][part] = _mm256_fmadd_ps(minimum.of[part], all, total[r][part]);
      }
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < rows; ++r) {
    float few[lanes];
    float* to = s.outputs == lanes ? out + r * stride : few;
    _mm256_storeu_ps(to, total[r][0]);
    _mm256_storeu_ps(to + lanes_of_register, total[r][1]);
    if (to == few) std::copy_n(few, s.outputs, out + r * stride);
  }
}

template <typename Int8, int rows>
NIGHTINGALE_BYTES_AVX2 void strip_of_either(const Strip& s, const XRows& x, float* out, std::int64_t stride) {
  s.minima ? strip_of<Int8, rows, true>(s, x, out, stride) : strip_of<Int8, rows, false>(s, x, out, stride);
}

template <typename Int8>
void strip_by(std::int64_t rows, const Strip& strip, const XRows& x, float* out, std::int64_t stride) {
  // The rows left over take the kernels of fewer.
  std::int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    strip_of_either<Int8, 4>(strip, x.below(row, strip.groups), out + row * stride, stride);
  }
  for (; row + 2 <= rows; row += 2) {
    strip_of_either<Int8, 2>(strip, x.below(row, strip.groups), out + row * stride, stride);
  }
  if (row < rows) strip_of_either<Int8, 1>(strip, x.below(row, strip.groups), out + row * stride, stride);
}

}  // namespace

void strip_avx2(std::int64_t rows, const Strip& strip, const XRows& x, float* out, std::int64_t stride) {
  strip_by<ByPairs>(rows, strip, x, out, stride);
}

void strip_avx_vnni(std::int64_t rows, const Strip& strip, const XRows& x, float* out, std::int64_t stride) {
  strip_by<AtOnce>(rows, strip, x, out, stride);
}

}  // namespace nightingale::cpu

#endif

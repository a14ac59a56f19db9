// Rows of floats as bytes, without instructions of their own: quantized_rows_avx2.cpp and
// quantized_rows_avx512.cpp have those.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/cpu/functions.hpp"
#include "kernels/cpu/quantized_strip.hpp"

namespace nightingale::cpu {

namespace {

// to[i] = x[i] · factor to the nearest; returns their sum.
NIGHTINGALE_INLINE std::int32_t nearest(const float* x, std::int64_t count, float factor, std::int8_t* to) {
  std::int32_t sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < count; ++i) {
    const float shifted = x[i] * factor + rounder;
    const std::int32_t number = std::bit_cast<std::int32_t>(shifted) - std::bit_cast<std::int32_t>(rounder);
    to[i] = static_cast<std::int8_t>(number);
    sum += number;
  }
  return sum;
}

NIGHTINGALE_INLINE float highest_of(const float* x, std::int64_t count) {
  float highest = -std::numeric_limits<float>::infinity();
#pragma omp simd reduction(max : highest)
  for (std::int64_t i = 0; i < count; ++i) highest = select(x[i] > highest, x[i], highest);
  return highest;
}

}  // namespace

NIGHTINGALE_MULTIVERSION void round_plain(const float* x, const ByteRow& to) {
  for (std::int64_t start = 0, g = 0; start < to.count; start += to.group, ++g) {
    const std::int64_t count = std::min(to.group, to.count - start);
    float largest = 0;
#pragma omp simd reduction(max : largest)
    for (std::int64_t i = 0; i < count; ++i) {
      const float size = std::abs(x[start + i]);
      largest = select(size > largest, size, largest);
    }
    const float factor = largest > 0 ? to.most / largest : 0;
    to.sums[g] = nearest(x + start, count, factor, to.numbers + start);
    to.scales[g] = largest / to.most;
  }
  fill_up(to);
}

NIGHTINGALE_MULTIVERSION float soften_plain(const float* scores, float scale, const ByteRow& to) {
  const float highest = highest_of(scores, to.count);
  float sum = 0;
  for (std::int64_t start = 0, g = 0; start < to.count; start += to.group, ++g) {
    const std::int64_t count = std::min(to.group, to.count - start);
    const float own = highest_of(scores + start, count);
    constexpr std::int64_t together = 64;
    float softened[together];
    to.sums[g] = 0;
    for (std::int64_t i = 0; i < count; i += together) {
      const std::int64_t some = std::min(together, count - i);
      const float* from = scores + start + i;
#pragma omp simd
      for (std::int64_t j = 0; j < some; ++j) softened[j] = exponential(scale * (from[j] - own));
      to.sums[g] += nearest(softened, some, to.most, to.numbers + start + i);
    }
    to.scales[g] = exponential(scale * (own - highest)) / to.most;
    sum += to.scales[g] * static_cast<float>(to.sums[g]);
  }
  fill_up(to);
  return sum;
}

NIGHTINGALE_MULTIVERSION void columns_plain(const Columns& columns, std::int64_t group, std::uint8_t* numbers,
                                            std::uint16_t* scales) {
  constexpr std::int64_t lanes = QuantizedLayout::strip, quad = QuantizedLayout::quad;
  float largest[lanes] = {}, inverse[lanes];
  for (std::int64_t c = 0; c < columns.count; ++c) {
#pragma omp simd
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      const float size = std::abs(columns.at[c * columns.stride + lane]);
      largest[lane] = select(size > largest[lane], size, largest[lane]);
    }
  }
  scale_rows(largest, scales, inverse);
  for (std::int64_t first = 0; first < group; first += quad, numbers += lanes * quad) {
    std::uint32_t four[lanes] = {};
    for (std::int64_t c = 0; c < quad; ++c) {
      const float* column = first + c < columns.count ? columns.at + (first + c) * columns.stride : nullptr;
      for (std::int64_t lane = 0; lane < lanes; ++lane) {
        const float shifted = (column ? column[lane] * inverse[lane] : 0.0F) + rounder;
        const std::uint32_t number = std::bit_cast<std::uint32_t>(shifted) -
                                     std::bit_cast<std::uint32_t>(rounder) + QuantizedLayout::int8_zero;
        four[lane] |= number << (8 * c);
      }
    }
    std::memcpy(numbers, four, sizeof four);
  }
}

}  // namespace nightingale::cpu

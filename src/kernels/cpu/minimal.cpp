// See minimal.hpp.
#include "kernels/cpu/minimal.hpp"

#include <algorithm>
#include <array>

#include "base/multiversion.hpp"

namespace nightingale::cpu {

namespace {

constexpr std::int64_t points = 5, group_taps = 3;
using FiveRows = std::array<const float*, points>;

std::int64_t groups_of(const PackedTaps& packed) {
  return (packed.taps + group_taps - 1) / group_taps;
}

// seen[point · distance + c] from the five rows that one position sees.
NIGHTINGALE_MULTIVERSION
void see(const float* __restrict s0, const float* __restrict s1, const float* __restrict s2,
         const float* __restrict s3, const float* __restrict s4, float* __restrict seen,
         std::int64_t distance, std::int64_t count) {
#pragma omp simd
  for (std::int64_t c = 0; c < count; ++c) {
    const float step = s3[c] - s1[c];
    seen[c] = s0[c] - s2[c] + 0.5F * step;
    seen[distance + c] = s1[c] + 0.5F * (s2[c] - s3[c]);
    seen[2 * distance + c] = 0.5F * s2[c] - (1.0F / 3) * s1[c] - (1.0F / 6) * s3[c];
    seen[3 * distance + c] = (1.0F / 6) * step;
    seen[4 * distance + c] = s4[c] - s2[c] - 2.0F * step;
  }
}

// Three rows of the result, out, out + step and out + 2·step, from a position's five products.
NIGHTINGALE_MULTIVERSION
void combine_products(const float* __restrict product, std::int64_t distance, float* __restrict out,
                      std::int64_t step, std::int64_t count) {
#pragma omp simd
  for (std::int64_t c = 0; c < count; ++c) {
    const float m1 = product[distance + c], m2 = product[2 * distance + c], m3 = product[3 * distance + c];
    const float even = m1 + m2;
    out[c] = product[c] + even + m3;
    out[step + c] = m1 - m2 + 2.0F * m3;
    out[2 * step + c] = even + 4.0F * m3 + product[4 * distance + c];
  }
}

// The polynomial of three taps at each of the points, `distance` apart.
NIGHTINGALE_MULTIVERSION
void evaluate_taps(const float* __restrict g0, const float* __restrict g1, const float* __restrict g2,
                   float* __restrict at_point, std::int64_t distance) {
#pragma omp simd
  for (std::int64_t c = 0; c < distance; ++c) {
    const float outer = g0[c] + g2[c];
    at_point[c] = g0[c];
    at_point[distance + c] = outer + g1[c];
    at_point[2 * distance + c] = outer - g1[c];
    at_point[3 * distance + c] = g0[c] + 2.0F * g1[c] + 4.0F * g2[c];
    at_point[4 * distance + c] = g2[c];
  }
}

// The first row of the result that a position makes.
std::int64_t row_of(std::int64_t position, std::int64_t dilation) {
  return position / dilation * group_taps * dilation + position % dilation;
}

// What the positions from `first` on see, [point, count, in].
void see_all(const MinimalSum& sum, std::int64_t first, std::int64_t count, float* seen) {
  const std::int64_t in = sum.packed.in;
  const std::vector<float> outside(static_cast<std::size_t>(in));
  for (std::int64_t p = 0; p < count; ++p) {
    FiveRows rows;
    for (std::int64_t k = 0; k < points; ++k) {
      const std::int64_t row = row_of(first + p, sum.dilation) + k * sum.dilation - sum.pad_left;
      rows[k] = row >= 0 && row < sum.in_rows ? sum.x + row * in : outside.data();
    }
    see(rows[0], rows[1], rows[2], rows[3], rows[4], seen + p * in, count * in, in);
  }
}

// Three rows of one strip of the result, as far as the result has them.
void finish_position(const MinimalSum& sum, std::int64_t position, std::int64_t column, std::int64_t width,
                     const float* product, std::int64_t distance) {
  std::array<float, group_taps * strip> beside;
  combine_products(product, distance, beside.data(), strip, width);
  for (std::int64_t i = 0; i < group_taps; ++i) {
    const std::int64_t row = row_of(position, sum.dilation) + i * sum.dilation;
    if (row >= sum.out_rows) return;
    float* out = sum.out + row * sum.packed.out + column;
    std::copy_n(beside.data() + i * strip, width, out);
    finish(sum.finish.at(row, column), 1, width, {out, sum.packed.out});
  }
}

}  // namespace

bool minimal_pays(const PackedTaps& packed) {
  constexpr std::int64_t narrowest = 64;
  return packed.taps >= group_taps && packed.in >= narrowest && packed.out >= narrowest;
}

std::vector<float> taps_at_points(const PackedTaps& packed) {
  const std::int64_t size = packed.in * packed.out;
  std::vector<float> values(static_cast<std::size_t>(groups_of(packed) * points * size));
  const std::vector<float> no_tap(static_cast<std::size_t>(packed.taps % group_taps == 0 ? 0 : size));
  for (std::int64_t group = 0; group < groups_of(packed); ++group) {
    const auto tap = [&](std::int64_t place) {
      const std::int64_t index = group * group_taps + place;
      return index < packed.taps ? packed.tap(index) : no_tap.data();
    };
    evaluate_taps(tap(0), tap(1), tap(2), values.data() + group * points * size, size);
  }
  return values;
}

std::int64_t positions_of(std::int64_t out_rows, std::int64_t dilation) {
  const std::int64_t block = group_taps * dilation;
  return (out_rows + block - 1) / block * dilation;
}

std::int64_t minimal_tile(std::int64_t positions) {
  constexpr std::int64_t fewest = 6, most = 66, step = 6, pieces = 4;  // multiples of a tile of gemm
  return std::clamp((positions / pieces + step - 1) / step * step, fewest, most);
}

std::int64_t minimal_scratch(const MinimalSum& sum, std::int64_t tile) {
  const std::int64_t seen = tile + (groups_of(sum.packed) - 1) * sum.dilation;
  return points * (seen * sum.packed.in + tile * strip);
}

void sum_minimal(const MinimalSum& sum, std::int64_t first, std::int64_t last, float* scratch) {
  const PackedTaps& packed = sum.packed;
  const std::int64_t count = last - first, groups = groups_of(packed);
  const std::int64_t seen_rows = count + (groups - 1) * sum.dilation;
  float* seen = scratch;
  float* products = scratch + points * seen_rows * packed.in;
  see_all(sum, first, seen_rows, seen);
  for (std::int64_t column = 0; column < packed.out; column += strip) {
    const std::int64_t width = std::min(strip, packed.out - column);
    for (std::int64_t point = 0; point < points; ++point) {
      for (std::int64_t group = 0; group < groups; ++group) {
        // Without a third tap the value at ∞ is 0.
        if (point == points - 1 && (group + 1) * group_taps > packed.taps) continue;
        const float* weight = packed.at_points.data() + (group * points + point) * packed.in * packed.out;
        gemm({count, width, packed.in},
             {seen + (point * seen_rows + group * sum.dilation) * packed.in, packed.in},
             {weight + column * packed.in, width}, {products + point * count * strip, strip},
             group == 0 ? Store::assign : Store::accumulate);
      }
    }
    for (std::int64_t p = 0; p < count; ++p) {
      finish_position(sum, first + p, column, width, products + p * strip, count * strip);
    }
  }
}

}  // namespace nightingale::cpu

// See minimal.hpp.
#include "kernels/cpu/minimal.hpp"

#include <algorithm>
#include <array>

#include "base/multiversion.hpp"

namespace nightingale::cpu {

namespace {

constexpr std::int64_t points = 7, group_taps = 4, group_rows = 4;
using SeenRows = std::array<const float*, points>;
using GroupTaps = std::array<const float*, group_taps>;

// A pair of points ±p. The points stand in the order of the pairs, +p before −p, and ∞ last.
struct Pair {
  float p, square;
  float sum, product;  // of the squares of the other two
  float share() const { return 0.5F / (square * square - sum * square + product); }
};
constexpr Pair pair_of(float p, float q, float w) {
  return {p, p * p, q * q + w * w, q * q * w * w};
}
// Of the fractions tried, those whose results are nearest to the exact ones: all but a third farther than
// five points 0, ±1, 2, ∞ for three taps. With ±1, ±2, ±1/2 it is two thirds.
constexpr float inner = 5.0F / 16, middle = 7.0F / 8, outer = 7.0F / 4;
constexpr std::array<Pair, 3> pairs{pair_of(inner, middle, outer), pair_of(middle, outer, inner),
                                    pair_of(outer, inner, middle)};
// The squares of all three: their sum, that of their products by two, and their product.
constexpr float sum_of_all = pairs[0].square + pairs[0].sum;
constexpr float sum_by_two = pairs[0].square * pairs[0].sum + pairs[0].product;
constexpr float product_of_all = pairs[0].square * pairs[0].product;

std::int64_t groups_of(const PackedTaps& packed) {
  return (packed.taps + group_taps - 1) / group_taps;
}

// Without a fourth tap the value at ∞ is 0.
bool sees_infinity(const PackedTaps& packed, std::int64_t group) {
  return (group + 1) * group_taps <= packed.taps;
}

// seen[point · distance + c] from the rows that one position sees.
NIGHTINGALE_MULTIVERSION
void see(const SeenRows& rows, float* __restrict seen, std::int64_t distance, std::int64_t count) {
  const auto [s0, s1, s2, s3, s4, s5, s6] = rows;
#pragma omp simd
  for (std::int64_t c = 0; c < count; ++c) {
#pragma GCC unroll 3
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const Pair pair = pairs[i];
      const float even = s4[c] - pair.sum * s2[c] + pair.product * s0[c];
      const float odd = (1 / pair.p) * (s5[c] - pair.sum * s3[c] + pair.product * s1[c]);
      seen[static_cast<std::int64_t>(2 * i) * distance + c] = even + odd;
      seen[static_cast<std::int64_t>(2 * i + 1) * distance + c] = even - odd;
    }
    seen[(points - 1) * distance + c] =
        s6[c] - sum_of_all * s4[c] + sum_by_two * s2[c] - product_of_all * s0[c];
  }
}

// Four rows of the result, `step` apart, from a position's products.
NIGHTINGALE_MULTIVERSION
void combine_products(const float* __restrict product, std::int64_t distance, float* __restrict out,
                      std::int64_t step, std::int64_t count) {
#pragma omp simd
  for (std::int64_t c = 0; c < count; ++c) {
    float r0 = 0, r1 = 0, r2 = 0, r3 = product[(points - 1) * distance + c];
#pragma GCC unroll 3
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const float p = pairs[i].p, square = pairs[i].square;
      const float above = product[static_cast<std::int64_t>(2 * i) * distance + c];
      const float below = product[static_cast<std::int64_t>(2 * i + 1) * distance + c];
      const float even = above + below, odd = p * (above - below);
      r0 += even;
      r1 += odd;
      r2 += square * even;
      r3 += square * odd;
    }
    out[c] = r0;
    out[step + c] = r1;
    out[2 * step + c] = r2;
    out[3 * step + c] = r3;
  }
}

// The polynomial of a group's taps at each of the points, `distance` apart, at ∞ only where it is asked for:
// `lines` of one panel, which lie `width` apart in a tap.
NIGHTINGALE_MULTIVERSION
void evaluate_taps(const GroupTaps& taps, std::int64_t width, std::int64_t lines, float* __restrict at_point,
                   std::int64_t distance, bool at_infinity) {
  for (std::int64_t line = 0; line < lines; ++line, at_point += panel) {
    const float* g0 = taps[0] + line * width;
    const float* g1 = taps[1] + line * width;
    const float* g2 = taps[2] + line * width;
    const float* g3 = taps[3] + line * width;
#pragma omp simd
    for (std::int64_t c = 0; c < panel; ++c) {
#pragma GCC unroll 3
      for (std::size_t i = 0; i < pairs.size(); ++i) {
        const float p = pairs[i].p, square = pairs[i].square, share = pairs[i].share();
        const float even = share * (g0[c] + square * g2[c]), odd = share * p * (g1[c] + square * g3[c]);
        at_point[static_cast<std::int64_t>(2 * i) * distance + c] = even + odd;
        at_point[static_cast<std::int64_t>(2 * i + 1) * distance + c] = even - odd;
      }
    }
    if (at_infinity) std::copy_n(g3, panel, at_point + (points - 1) * distance);
  }
}

// The first row of the result that a position makes.
std::int64_t row_of(std::int64_t position, std::int64_t dilation) {
  return position / dilation * group_rows * dilation + position % dilation;
}

// What the positions from `first` on see, [point, count, in].
void see_all(const MinimalSum& sum, std::int64_t first, std::int64_t count, float* seen) {
  const std::int64_t in = sum.packed.in;
  const std::vector<float> outside(static_cast<std::size_t>(in));
  for (std::int64_t p = 0; p < count; ++p) {
    SeenRows rows;
    for (std::int64_t k = 0; k < points; ++k) {
      const std::int64_t row = row_of(first + p, sum.dilation) + k * sum.dilation - sum.pad_left;
      rows[static_cast<std::size_t>(k)] = row >= 0 && row < sum.in_rows ? sum.x + row * in : outside.data();
    }
    see(rows, seen + p * in, count * in, in);
  }
}

// The rows of one strip of the result, as far as the result has them.
void finish_position(const MinimalSum& sum, std::int64_t position, std::int64_t column, std::int64_t width,
                     const float* product, std::int64_t distance) {
  const std::int64_t row = row_of(position, sum.dilation), left = sum.out_rows - row;
  if (left <= 0) return;
  const std::int64_t rows = std::min(group_rows, (left + sum.dilation - 1) / sum.dilation);
  const std::int64_t step = sum.dilation * sum.packed.out;
  float* out = sum.out + row * sum.packed.out + column;
  if (rows == group_rows) {
    combine_products(product, distance, out, step, width);
  } else {
    std::array<float, group_rows * strip> beside;
    combine_products(product, distance, beside.data(), strip, width);
    for (std::int64_t i = 0; i < rows; ++i) std::copy_n(beside.data() + i * strip, width, out + i * step);
  }
  Finish last = sum.finish.at(row, column);
  last.add_stride *= sum.dilation;
  finish(last, rows, width, {out, step});
}

}  // namespace

bool minimal_pays(const PackedTaps& packed) {
  constexpr std::int64_t narrowest = 64;
  return packed.taps >= group_taps - 1 && packed.in >= narrowest && packed.out >= narrowest &&
         packed.out % panel == 0;
}

std::vector<float> taps_at_points(const PackedTaps& packed) {
  const std::int64_t size = packed.in * packed.out, groups = groups_of(packed);
  const std::int64_t all = groups * points - (sees_infinity(packed, groups - 1) ? 0 : 1);
  std::vector<float> values(static_cast<std::size_t>(all * size));
  const std::vector<float> no_tap(static_cast<std::size_t>(strip * packed.in));
  for (std::int64_t group = 0; group < groups; ++group) {
    for (std::int64_t column = 0; column < packed.out; column += panel) {
      const std::int64_t first = column / strip * strip, width = std::min(strip, packed.out - first);
      GroupTaps taps;
      for (std::int64_t i = 0; i < group_taps; ++i) {
        const std::int64_t tap = group * group_taps + i, place = first * packed.in + column - first;
        taps[static_cast<std::size_t>(i)] = tap < packed.taps ? packed.tap(tap) + place : no_tap.data();
      }
      float* to = values.data() + group * points * size + column * packed.in;
      evaluate_taps(taps, width, packed.in, to, size, sees_infinity(packed, group));
    }
  }
  return values;
}

std::int64_t positions_of(std::int64_t out_rows, std::int64_t dilation) {
  const std::int64_t block = group_rows * dilation;
  return (out_rows + block - 1) / block * dilation;
}

std::int64_t minimal_tile(std::int64_t positions) {
  constexpr std::int64_t fewest = 6, most = 48, step = 6, pieces = 4;  // multiples of a tile of gemm
  return std::clamp((positions / pieces + step - 1) / step * step, fewest, most);
}

std::int64_t minimal_scratch(const MinimalSum& sum, std::int64_t tile) {
  const std::int64_t seen = tile + (groups_of(sum.packed) - 1) * sum.dilation;
  return points * (seen * sum.packed.in + tile * strip);
}

void sum_minimal(const MinimalSum& sum, std::int64_t first, std::int64_t last, float* scratch) {
  const PackedTaps& packed = sum.packed;
  const std::int64_t count = last - first, groups = groups_of(packed), size = packed.in * packed.out;
  const std::int64_t seen_rows = count + (groups - 1) * sum.dilation;
  float* seen = scratch;
  float* products = scratch + points * seen_rows * packed.in;
  see_all(sum, first, seen_rows, seen);
  for (std::int64_t column = 0; column < packed.out; column += strip) {
    const std::int64_t width = std::min(strip, packed.out - column);
    for (std::int64_t point = 0; point < points; ++point) {
      const bool at_all = point < points - 1 || sees_infinity(packed, groups - 1);
      gemm_parts({count, width, packed.in},
                 {at_all ? groups : groups - 1, sum.dilation * packed.in, points * size},
                 {seen + point * seen_rows * packed.in, packed.in},
                 packed.at_points.data() + point * size + column * packed.in,
                 {products + point * count * strip, strip});
    }
    for (std::int64_t p = 0; p < count; ++p) {
      finish_position(sum, first + p, column, width, products + p * strip, count * strip);
    }
  }
}

}  // namespace nightingale::cpu

// See gemm.hpp. The result is cut into strips of columns, a strip into tiles of `high` rows; the right side
// of a strip stays in the second-level cache while the tiles pass.
//
// What is odd: columns beyond the last whole strip are computed beside it, over neighbours that are done
// already, and only the new ones are kept.
#include "kernels/cpu/gemm.hpp"

#include <algorithm>

#include <vector>

#include "base/multiversion.hpp"
#include "kernels/cpu/lanes.hpp"

namespace nightingale::cpu {

namespace {

constexpr int high = 6;  // rows of a tile
// The depth of one pass keeps the right side in cache, and sums short: a wide strip in the second level, half
// of the first-level cache for a narrow one.
constexpr std::int64_t deepest_wide = 512, deepest_narrow = 256;
constexpr std::int64_t fewest_beside = 4 * high, least_depth_beside = 128;  // are worth a copy of a strip

// A product with its depth cut to one pass.
struct Pass {
  std::int64_t rows, depth;
  ConstMatrix left, right;
  Matrix out;
  bool accumulate;
  std::int64_t next_panel = panel;  // from a panel of the right side to the next
  Parts parts = {1, 0, 0};
};

template <int width, int rows, int registers>
NIGHTINGALE_INLINE void tile(const Pass& pass, std::int64_t row) {
  float* out = pass.out.data + row * pass.out.stride;
  const std::int64_t left_stride = pass.left.stride, right_stride = pass.right.stride;
  Register<width> sum[rows][registers] = {};
  for (std::int64_t part = 0; part < pass.parts.count; ++part) {
    const float* left = pass.left.data + row * left_stride + part * pass.parts.left_step;
    const float* right = pass.right.data + part * pass.parts.right_step;
    for (std::int64_t k = 0; k < pass.depth; ++k) {
      Register<width> line[registers];
#pragma GCC unroll 4
      for (int j = 0; j < registers; ++j) {
        const std::int64_t column = j * width;
        line[j] = *reinterpret_cast<const Register<width>*>(right + column / panel * pass.next_panel +
                                                            column % panel);
      }
      right += right_stride;
#pragma GCC unroll 6
      for (int r = 0; r < rows; ++r) {
        const float factor = left[r * left_stride + k];
#pragma GCC unroll 4
        for (int j = 0; j < registers; ++j) sum[r][j] += factor * line[j];
      }
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int j = 0; j < registers; ++j) {
      Register<width>* to = reinterpret_cast<Register<width>*>(out + r * pass.out.stride + j * width);
      *to = pass.accumulate ? *to + sum[r][j] : sum[r][j];
    }
  }
}

// All rows of a strip that is `registers` wide.
template <int width, int registers>
NIGHTINGALE_INLINE void tiles(const Pass& pass) {
  std::int64_t row = 0;
  for (; row + high <= pass.rows; row += high) tile<width, high, registers>(pass, row);
  switch (pass.rows - row) {
    case 5: tile<width, 5, registers>(pass, row); break;
    case 4: tile<width, 4, registers>(pass, row); break;
    case 3: tile<width, 3, registers>(pass, row); break;
    case 2: tile<width, 2, registers>(pass, row); break;
    case 1: tile<width, 1, registers>(pass, row); break;
    default: break;
  }
}

// Six rows by four registers of the 32 that AVX-512 has, by two of the 16 that the others have.
NIGHTINGALE_AVX512 void wide_strip(const Pass& pass) {
  tiles<16, strip / 16>(pass);
}

NIGHTINGALE_AVX512 void narrow_strip_avx512(const Pass& pass) {
  tiles<16, 1>(pass);
}

NIGHTINGALE_AVX2 void narrow_strip_avx2(const Pass& pass) {
  tiles<8, 2>(pass);
}

void narrow_strip_baseline(const Pass& pass) {
  Pass half = pass;
  tiles<4, 2>(half);
  half.right.data += panel / 2;
  half.out.data += panel / 2;
  tiles<4, 2>(half);
}

void narrow_strip(const Pass& pass) {
  static const auto chosen = of_level(narrow_strip_avx512, narrow_strip_avx2, narrow_strip_baseline);
  chosen(pass);
}

NIGHTINGALE_INLINE void copy_line(const float* from, float* to) {
  constexpr int width = 4;  // which every machine has
#pragma GCC unroll 4
  for (std::int64_t i = 0; i < panel; i += width) {
    *reinterpret_cast<Register<width>*>(to + i) = *reinterpret_cast<const Register<width>*>(from + i);
  }
}

// The same from a copy of the right side whose rows lie end to end: a row apart they would share few sets of
// the first-level cache, and come from the second for every tile.
void narrow_strip_beside(Pass pass) {
  alignas(64) float lines[deepest_narrow * panel];
  for (std::int64_t k = 0; k < pass.depth; ++k) {
    copy_line(pass.right.data + k * pass.right.stride, lines + k * panel);
  }
  pass.right = {lines, panel};
  narrow_strip(pass);
}

// The last `columns` < panel columns of a pass: through a register's worth of result beside it.
void last_columns(const Pass& pass, std::int64_t before, std::int64_t columns) {
  std::vector<float> beside(static_cast<std::size_t>(pass.rows * panel));
  std::vector<float> padded;
  Pass part = pass;
  part.out = {beside.data(), panel};
  part.accumulate = false;
  std::int64_t skipped = 0;
  if (before >= panel) {  // a register that begins among the columns that are done already
    skipped = panel - columns;
    part.right.data = pass.right.data + before - skipped;
  } else {
    padded.resize(static_cast<std::size_t>(pass.depth * panel));
    for (std::int64_t k = 0; k < pass.depth; ++k) {
      std::copy_n(pass.right.data + k * pass.right.stride + before, columns, padded.data() + k * panel);
    }
    part.right = {padded.data(), panel};
  }
  narrow_strip(part);
  for (std::int64_t row = 0; row < pass.rows; ++row) {
    const float* from = beside.data() + row * panel + skipped;
    float* to = pass.out.data + row * pass.out.stride + before;
    for (std::int64_t c = 0; c < columns; ++c) to[c] = pass.accumulate ? to[c] + from[c] : from[c];
  }
}

bool has_wide_strips() {
  static const bool has = level() == Level::avx512;
  return has;
}

void all_columns(const Pass& pass, std::int64_t columns) {
  const auto at = [&](std::int64_t column) {
    Pass part = pass;
    part.right.data += column / panel * pass.next_panel;
    part.out.data += column;
    return part;
  };
  std::int64_t column = 0;
  if (has_wide_strips()) {
    for (; column + strip <= columns; column += strip) wide_strip(at(column));
  }
  const bool beside = pass.rows >= fewest_beside && pass.depth >= least_depth_beside &&
                      pass.depth <= deepest_narrow && pass.right.stride > panel;
  for (; column + panel <= columns; column += panel) {
    beside ? narrow_strip_beside(at(column)) : narrow_strip(at(column));
  }
  if (column < columns) last_columns(pass, column, columns - column);
}

}  // namespace

void gemm_parts(const GemmSizes& sizes, const Parts& parts, const ConstMatrix& left, const float* right,
                const Matrix& out) {
  all_columns({.rows = sizes.rows,
               .depth = sizes.depth,
               .left = left,
               .right = {right, panel},
               .out = out,
               .accumulate = false,
               .next_panel = sizes.depth * panel,
               .parts = parts},
              sizes.columns);
}

void gemm(const GemmSizes& sizes, const ConstMatrix& left, const ConstMatrix& right, const Matrix& out,
          Store store) {
  // By the machine alone: a row's sums are the same whatever rows come with it.
  const std::int64_t deepest = has_wide_strips() ? deepest_wide : deepest_narrow;
  bool accumulate = store == Store::accumulate;
  std::int64_t done = 0;
  do {  // once even without depth: the product is then 0
    const std::int64_t depth = std::min(deepest, sizes.depth - done);
    all_columns({sizes.rows,
                 depth,
                 {left.data + done, left.stride},
                 {right.data + done * right.stride, right.stride},
                 out,
                 accumulate},
                sizes.columns);
    accumulate = true;
    done += depth;
  } while (done < sizes.depth);
}

}  // namespace nightingale::cpu

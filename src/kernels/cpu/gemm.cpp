// See gemm.hpp. The result is cut into strips of columns, a strip into tiles of `high` rows; the right side
// of a strip stays in the second-level cache while the tiles pass.
//
// What is odd: the widest tile that fits the registers differs between instruction sets, so it is chosen at
// run time. Columns beyond the last whole register are computed in a register that overlaps its neighbour,
// and only the new ones are kept.
#include "kernels/cpu/gemm.hpp"

#include <algorithm>

#include <vector>

#include "kernels/cpu/lanes.hpp"
#include "kernels/cpu/multiversion.hpp"

namespace nightingale::cpu {

namespace {

constexpr int high = 6;                // rows of a tile
constexpr int wide = 4;                // its registers a row, where there are 32 of AVX-512
constexpr std::int64_t deepest = 512;  // of one pass: keeps the right side in cache, and sums short
static_assert(strip == wide * lanes);

// A product with its depth cut to one pass.
struct Pass {
  std::int64_t rows, depth;
  ConstMatrix left, right;
  Matrix out;
  bool accumulate;
};

template <int rows, int registers>
NIGHTINGALE_INLINE void tile(const Pass& pass, std::int64_t row) {
  const float* left = pass.left.data + row * pass.left.stride;
  const float* right = pass.right.data;
  float* out = pass.out.data + row * pass.out.stride;
  const std::int64_t left_stride = pass.left.stride, right_stride = pass.right.stride;
  Lanes sum[rows][registers] = {};
  for (std::int64_t k = 0; k < pass.depth; ++k) {
    Lanes line[registers];
#pragma GCC unroll 4
    for (int j = 0; j < registers; ++j) line[j] = *reinterpret_cast<const Lanes*>(right + j * lanes);
    right += right_stride;
#pragma GCC unroll 6
    for (int r = 0; r < rows; ++r) {
      const float factor = left[r * left_stride + k];
#pragma GCC unroll 4
      for (int j = 0; j < registers; ++j) sum[r][j] += factor * line[j];
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int j = 0; j < registers; ++j) {
      Lanes* to = reinterpret_cast<Lanes*>(out + r * pass.out.stride + j * lanes);
      *to = pass.accumulate ? *to + sum[r][j] : sum[r][j];
    }
  }
}

// All rows of a strip that is `registers` wide.
template <int registers>
NIGHTINGALE_INLINE void tiles(const Pass& pass) {
  std::int64_t row = 0;
  for (; row + high <= pass.rows; row += high) tile<high, registers>(pass, row);
  switch (pass.rows - row) {
    case 5: tile<5, registers>(pass, row); break;
    case 4: tile<4, registers>(pass, row); break;
    case 3: tile<3, registers>(pass, row); break;
    case 2: tile<2, registers>(pass, row); break;
    case 1: tile<1, registers>(pass, row); break;
    default: break;
  }
}

NIGHTINGALE_MULTIVERSION
void wide_strip(const Pass& pass) {
  tiles<wide>(pass);
}

NIGHTINGALE_MULTIVERSION
void narrow_strip(const Pass& pass) {
  tiles<1>(pass);
}

bool has_wide_tiles() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") != 0;
#else
  return false;
#endif
}

// The last `columns` < lanes columns of a pass: through a register's worth of result beside it.
void last_columns(const Pass& pass, std::int64_t before, std::int64_t columns) {
  std::vector<float> beside(static_cast<std::size_t>(pass.rows * lanes));
  std::vector<float> padded;
  Pass part = pass;
  part.out = {beside.data(), lanes};
  part.accumulate = false;
  std::int64_t skipped = 0;
  if (before >= lanes) {  // a register that begins among the columns that are done already
    skipped = lanes - columns;
    part.right.data = pass.right.data + before - skipped;
  } else {
    padded.resize(static_cast<std::size_t>(pass.depth * lanes));
    for (std::int64_t k = 0; k < pass.depth; ++k) {
      std::copy_n(pass.right.data + k * pass.right.stride + before, columns, padded.data() + k * lanes);
    }
    part.right = {padded.data(), lanes};
  }
  narrow_strip(part);
  for (std::int64_t row = 0; row < pass.rows; ++row) {
    const float* from = beside.data() + row * lanes + skipped;
    float* to = pass.out.data + row * pass.out.stride + before;
    for (std::int64_t c = 0; c < columns; ++c) to[c] = pass.accumulate ? to[c] + from[c] : from[c];
  }
}

void all_columns(const Pass& pass, std::int64_t columns) {
  static const bool wide_tiles = has_wide_tiles();
  const auto at = [&](std::int64_t column) {
    Pass part = pass;
    part.right.data += column;
    part.out.data += column;
    return part;
  };
  std::int64_t column = 0;
  if (wide_tiles) {
    for (; column + strip <= columns; column += strip) wide_strip(at(column));
  }
  for (; column + lanes <= columns; column += lanes) narrow_strip(at(column));
  if (column < columns) last_columns(pass, column, columns - column);
}

}  // namespace

void gemm(const GemmSizes& sizes, const ConstMatrix& left, const ConstMatrix& right, const Matrix& out,
          Store store) {
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

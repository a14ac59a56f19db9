// See transpose.hpp. Sixteen rows at a time: each cache line that is written is written whole.
#include "kernels/cpu/transpose.hpp"

#include <algorithm>

#include "base/multiversion.hpp"
#include "kernels/cpu/lanes.hpp"

namespace nightingale::cpu {

namespace {

constexpr int side = 4;

// 4 × 4 numbers: pairs of rows are interleaved, then pairs of the results.
NIGHTINGALE_INLINE void turn_square(const float* from, std::int64_t stride, float* to, std::int64_t rows) {
  typedef int Places __attribute__((vector_size(side * sizeof(int))));
  constexpr Places low = {0, 4, 1, 5}, high = {2, 6, 3, 7}, firsts = {0, 1, 4, 5}, lasts = {2, 3, 6, 7};
  const Register<side> a = *reinterpret_cast<const Register<side>*>(from);
  const Register<side> b = *reinterpret_cast<const Register<side>*>(from + stride);
  const Register<side> c = *reinterpret_cast<const Register<side>*>(from + 2 * stride);
  const Register<side> d = *reinterpret_cast<const Register<side>*>(from + 3 * stride);
  const Register<side> ab_low = __builtin_shuffle(a, b, low), ab_high = __builtin_shuffle(a, b, high);
  const Register<side> cd_low = __builtin_shuffle(c, d, low), cd_high = __builtin_shuffle(c, d, high);
  *reinterpret_cast<Register<side>*>(to) = __builtin_shuffle(ab_low, cd_low, firsts);
  *reinterpret_cast<Register<side>*>(to + rows) = __builtin_shuffle(ab_low, cd_low, lasts);
  *reinterpret_cast<Register<side>*>(to + 2 * rows) = __builtin_shuffle(ab_high, cd_high, firsts);
  *reinterpret_cast<Register<side>*>(to + 3 * rows) = __builtin_shuffle(ab_high, cd_high, lasts);
}

void turn_edge(const float* from, std::int64_t stride, std::int64_t rows, std::int64_t columns, float* to,
               std::int64_t to_stride) {
  for (std::int64_t column = 0; column < columns; ++column) {
    for (std::int64_t row = 0; row < rows; ++row) to[column * to_stride + row] = from[row * stride + column];
  }
}

}  // namespace

void transpose(const float* from, std::int64_t stride, std::int64_t rows, std::int64_t columns, float* to) {
  constexpr std::int64_t band = 4 * side;
  const std::int64_t even_columns = columns - columns % side;
  for (std::int64_t first = 0; first < rows; first += band) {
    const std::int64_t count = std::min(band, rows - first), even_rows = count - count % side;
    const float* top = from + first * stride;
    for (std::int64_t column = 0; column < even_columns; column += side) {
      for (std::int64_t row = 0; row < even_rows; row += side) {
        turn_square(top + row * stride + column, stride, to + column * rows + first + row, rows);
      }
    }
    turn_edge(top + even_rows * stride, stride, count - even_rows, columns, to + first + even_rows, rows);
    turn_edge(top + even_columns, stride, even_rows, columns - even_columns, to + even_columns * rows + first,
              rows);
  }
}

}  // namespace nightingale::cpu

// One strip of 16 outputs of a quantized matrix for up to eight rows of x: what the kernels of each
// instruction set share. Used by quantized*.cpp only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tensor/quantized.hpp"

namespace nightingale::cpu {

struct Strip {
  const std::uint8_t* numbers;
  const std::uint16_t* scales;
  const std::uint16_t* minima;  // null: int8
  std::int64_t groups, group;
  std::int64_t outputs;  // of the 16 that are real
};

struct XRows {
  const std::int8_t* numbers;  // [row, column]
  const float* scales;         // [row, group]
  const std::int32_t* sums;    // [row, group]
  std::int64_t columns;

  XRows below(std::int64_t rows, std::int64_t groups) const {
    return {numbers + rows * columns, scales + rows * groups, sums + rows * groups, columns};
  }
};

constexpr std::int64_t most_rows_together = 8;
// How many of the rows that are left a kernel takes: 8, 4, 2 or 1.
constexpr std::int64_t rows_together(std::int64_t left) {
  return left >= most_rows_together ? most_rows_together : left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

// out [row, stride], its first `outputs` numbers of each row are written.
using StripKernel = void (*)(std::int64_t rows, const Strip& strip, const XRows& x, float* out,
                             std::int64_t stride);

void strip_plain(std::int64_t rows, const Strip& strip, const XRows& x, float* out, std::int64_t stride);
#if defined(__x86_64__)
void strip_avx2(std::int64_t rows, const Strip& strip, const XRows& x, float* out, std::int64_t stride);
void strip_avx_vnni(std::int64_t rows, const Strip& strip, const XRows& x, float* out, std::int64_t stride);
void strip_vnni(std::int64_t rows, const Strip& strip, const XRows& x, float* out, std::int64_t stride);
#endif

// Two strips of int8 for rows_of_pair rows at once, which keeps the multipliers busy when there are many
// rows: `one` writes 16 outputs of each row, `other` those behind them.
constexpr std::int64_t rows_of_pair = 6;
using PairKernel = void (*)(const Strip& one, const Strip& other, const XRows& x, float* out,
                            std::int64_t stride);
#if defined(__x86_64__)
void pair_vnni(const Strip& one, const Strip& other, const XRows& x, float* out, std::int64_t stride);
#endif

// One row as bytes, group by group: where its numbers go, [column], and a scale and a sum for each group.
struct ByteRow {
  std::int64_t count, group;  // columns of the row itself; groups are filled up with 0
  float most;                 // the largest number
  std::int8_t* numbers;
  float* scales;
  std::int32_t* sums;

  std::int64_t groups() const { return (count + group - 1) / group; }
};
constexpr float most_byte = 127;
constexpr float most_avx2 = 63;  // of what AVX2 multiplies by int8: 2 · 63 · 255 < 2^15

// The zeros behind the last column.
inline void fill_up(const ByteRow& to) {
  std::fill(to.numbers + to.count, to.numbers + to.groups() * to.group, std::int8_t{0});
}

// The largest number of each group becomes ±most.
using RoundKernel = void (*)(const float* x, const ByteRow& to);
// number · scale ≈ e^(scale·(score − the highest of the row)); returns the sum of what the numbers stand for.
using SoftenKernel = float (*)(const float* scores, float scale, const ByteRow& to);

// 2^x over [0, 1) to a few hundredths of a byte's step (minimax, relative error 7.5e-5, fitted for this
// file): the coefficients from that of x³ down.
constexpr float cubic_of_power[] = {0.0780245231F, 0.226067168F, 0.695833529F, 0.99992522F};
constexpr float below_every_score = -3.4e38F;

// One group of 16 rows of a matrix in int8, a row in each lane: at[column · stride + lane].
struct Columns {
  const float* at;
  std::int64_t stride;
  std::int64_t count;  // columns that are real; zeros fill up the group
};
// A scale is rounded to bf16, a little up: rounded down it would push the largest number out of its byte.
constexpr float scale_margin = 1.004F;
// The scales of rows whose largest numbers these are, and their inverses; of a row of zeros the inverse is 0.
inline void scale_rows(const float* largest, std::uint16_t* scales, float* inverses) {
  for (std::int64_t lane = 0; lane < QuantizedLayout::strip; ++lane) {
    scales[lane] = to_bfloat16(largest[lane] / most_byte * scale_margin);
    const float scale = from_bfloat16(scales[lane]);
    inverses[lane] = scale > 0 ? 1 / scale : 0;
  }
}
using ColumnsKernel = void (*)(const Columns& columns, std::int64_t group, std::uint8_t* numbers,
                               std::uint16_t* scales);

void round_plain(const float* x, const ByteRow& to);
float soften_plain(const float* scores, float scale, const ByteRow& to);
void columns_plain(const Columns& columns, std::int64_t group, std::uint8_t* numbers, std::uint16_t* scales);
#if defined(__x86_64__)
void round_avx2(const float* x, const ByteRow& to);
float soften_avx2(const float* scores, float scale, const ByteRow& to);
void round_avx512(const float* x, const ByteRow& to);
float soften_avx512(const float* scores, float scale, const ByteRow& to);
void columns_avx512(const Columns& columns, std::int64_t group, std::uint8_t* numbers, std::uint16_t* scales);
#endif

// The fastest that this machine can run.
struct StripKernels {
  StripKernel strip;
  PairKernel pair;  // null: many rows go a few at a time
  float most;       // the largest number of x that `strip` multiplies by int8 without overflow
  bool pay;         // many rows are faster by bytes than by float32
  RoundKernel round;
  SoftenKernel soften;
  ColumnsKernel columns;
};
const StripKernels& strip_kernels();
// All that it can run, the fastest last.
std::vector<StripKernels> strip_kernels_of_this_machine();

// How far ahead of its work a kernel asks for the matrix, in bytes: without, half the memory's rate is lost.
constexpr std::int64_t bytes_ahead = 8192;

}  // namespace nightingale::cpu

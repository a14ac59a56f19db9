// Products with a matrix of few bits (tensor/quantized.hpp): x is rounded to bytes too, group by group, so
// that the sums are of whole numbers and exact; only the scales are multiplied in float.
//
//   out[r][o] = Σ_group x_scale·(w_scale·Σ number·x + w_minimum·Σ x)
//
// The same matrix serves a few rows, for which memory is the limit, and many. A row's result does not depend
// on the rows beside it.
#pragma once

#include <cstdint>

#include "kernels/cpu/quantized_strip.hpp"
#include "tensor/quantized.hpp"

namespace nightingale::cpu {

// To whole steps of `to`.
constexpr std::int64_t rounded_up(std::int64_t number, std::int64_t to) {
  return (number + to - 1) / to * to;
}

// Rows of x as bytes: x ≈ scale · number, a scale for each group.
struct ByteRows {
  std::int64_t rows, groups, columns;  // columns: groups · group, those beyond x's own are 0
  float most;                          // the largest number
  std::int8_t* numbers;                // [row, column]
  float* scales;                       // [row, group]
  std::int32_t* sums;                  // [row, group] of the numbers

  ByteRows part(std::int64_t first, std::int64_t count) const {
    return {count,
            groups,
            columns,
            most,
            numbers + first * columns,
            scales + first * groups,
            sums + first * groups};
  }
};

// The largest number of x that the kernels multiply by a matrix of that precision without overflow.
float most_of(Precision precision, const StripKernels& kernels = strip_kernels());

// Floats of scratch that `rows` rows need, and the rows laid out there.
std::int64_t floats_of_byte_rows(std::int64_t rows, const QuantizedLayout& layout);
ByteRows byte_rows_at(float* scratch, std::int64_t rows, const QuantizedLayout& layout);

// Rounds x, whose rows of `in` numbers begin `stride` numbers from each other.
void round_to_bytes(const float* x, std::int64_t stride, std::int64_t in, std::int64_t group,
                    const ByteRows& to);

// The same for rows without gaps, by all threads.
void round_rows(int threads, const float* x, std::int64_t in, std::int64_t group, const ByteRows& to);

// The outputs of strips [first, last) for every row; out is [row, stride]. Tests name the kernels.
void multiply_quantized(const ByteRows& x, const QuantizedView& matrix, std::int64_t first, std::int64_t last,
                        float* out, std::int64_t stride, const StripKernels& kernels = strip_kernels());

// Whether many rows are faster by bytes than by float32 on this machine.
bool bytes_pay();

// A matrix that is made while speaking, in int8: 16 rows lie beside each other, at[column · stride + row].
// Rows beyond `rows` must be there up to a whole strip, and are rounded like the others.
void quantize_columns(const float* at, std::int64_t stride, const QuantizedLayout& layout,
                      std::uint8_t* numbers, std::uint16_t* scales,
                      const StripKernels& kernels = strip_kernels());

}  // namespace nightingale::cpu

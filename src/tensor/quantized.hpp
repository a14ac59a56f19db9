// A matrix [row, column] kept in few bits, in the order in which the products read it.
//
//   int8   w ≈ scale · (number − 128)        a byte each, numbers 1 to 255
//   int4   w ≈ scale · number + minimum      half a byte each, numbers 0 to 15
//
// `group` neighbouring columns of a row share a scale and a minimum, both bf16. Rows stand in strips of 16
// and columns in quads of four, for the instructions that multiply bytes add four products into each of 16
// sums:
//
//   scales, minima   [strip, group, row 16]
//   int8 numbers     [strip, group, quad, row 16, column 4]
//   int4 numbers     [strip, group, pair, row 16, column 4]: the lower half of a byte belongs to quad 2·pair,
//                    the upper one to the quad behind it
//
// Rows and columns that only fill up the last strip and group stand for zero.
#pragma once

#include <cstdint>
#include <new>
#include <span>
#include <string_view>
#include <vector>

#include "nightingale/precision.hpp"

namespace nightingale {

std::string_view name_of(Precision precision);

struct QuantizedLayout {
  static constexpr std::int64_t strip = 16, quad = 4;
  static constexpr int int8_zero = 128;  // the number that stands for 0

  Precision precision = Precision::int8;
  std::int64_t rows = 0, columns = 0;
  std::int64_t group = 64;  // columns, a multiple of 8

  std::int64_t strips() const { return (rows + strip - 1) / strip; }
  std::int64_t groups() const { return (columns + group - 1) / group; }
  std::int64_t numbers() const { return strips() * bytes_of_strip(); }
  std::int64_t scales() const { return strips() * scales_of_strip(); }
  std::int64_t scales_of_strip() const { return groups() * strip; }
  std::int64_t bytes_of_strip() const {
    return groups() * group * strip / (precision == Precision::int4 ? 2 : 1);
  }
};

// Where the numbers of one lie.
struct QuantizedView {
  QuantizedLayout layout;
  const std::uint8_t* numbers;
  const std::uint16_t* scales;
  const std::uint16_t* minima;  // null: int8

  // Some rows, from the first of a strip on.
  QuantizedView part(std::int64_t first, std::int64_t rows) const {
    const std::int64_t strip = first / QuantizedLayout::strip, scale = strip * layout.scales_of_strip();
    QuantizedView part{layout, numbers + strip * layout.bytes_of_strip(), scales + scale,
                       minima ? minima + scale : nullptr};
    part.layout.rows = rows;
    return part;
  }
  std::int64_t bytes() const { return layout.numbers() + (minima ? 2 : 1) * 2 * layout.scales(); }
};

// Bytes that begin on a line of the cache: a register of 64 of them is then one line, not parts of two.
template <typename Number>
struct LineAllocator {
  using value_type = Number;
  static constexpr std::align_val_t line{64};

  LineAllocator() = default;
  template <typename Other>
  explicit LineAllocator(const LineAllocator<Other>&) {}
  Number* allocate(std::size_t count) {
    return static_cast<Number*>(::operator new(count * sizeof(Number), line));
  }
  void deallocate(Number* numbers, std::size_t) { ::operator delete(numbers, line); }
  bool operator==(const LineAllocator&) const { return true; }
};

struct Quantized {
  explicit Quantized(const QuantizedLayout& layout);
  QuantizedView view() const {
    return {layout, numbers.data(), scales.data(), minima.empty() ? nullptr : minima.data()};
  }

  QuantizedLayout layout;
  std::vector<std::uint8_t, LineAllocator<std::uint8_t>> numbers;
  std::vector<std::uint16_t> scales, minima;  // minima: int4 only
};

// Rounds the rows of one strip of `values` [row, column]; the strips are independent of each other. A scale
// and a minimum are those of the least squared error among a few ranges that cut off more or less of the
// extremes.
void quantize_strip(std::span<const float> values, std::int64_t strip, Quantized& to);
Quantized quantized(std::span<const float> values, const QuantizedLayout& layout);

// The layout for a matrix of a checkpoint.
QuantizedLayout layout_of(Precision precision, std::int64_t rows, std::int64_t columns);

// What the numbers stand for, [row, column].
std::vector<float> dequantized(const QuantizedView& matrix);

float from_bfloat16(std::uint16_t bits);
std::uint16_t to_bfloat16(float value);  // to the nearest, ties to even; finite numbers only

}  // namespace nightingale

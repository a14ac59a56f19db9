// See quantized.hpp. The kernels hold one strip of 16 outputs for a few rows of x in registers while the
// columns pass: quantized_vnni.hpp, quantized_avx2.hpp, quantized_plain.hpp.
#include "kernels/cpu/quantized.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "kernels/cpu/functions.hpp"
#include "kernels/cpu/quantized_strip.hpp"

namespace nightingale::cpu {

namespace {

constexpr float scale_margin =
    1.004F;  // a scale that bf16 rounds down would push the largest number out of its byte

constexpr std::int64_t lanes = QuantizedLayout::strip, quad = QuantizedLayout::quad;

// One group of 16 rows: their scales, then their numbers four columns at a time.
NIGHTINGALE_MULTIVERSION void quantize_group(const float* at, std::int64_t stride, std::int64_t columns,
                                             std::int64_t group, std::uint8_t* numbers,
                                             std::uint16_t* scales) {
  float largest[lanes] = {}, inverse[lanes];
  for (std::int64_t c = 0; c < columns; ++c) {
#pragma omp simd
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      const float size = std::abs(at[c * stride + lane]);
      largest[lane] = select(size > largest[lane], size, largest[lane]);
    }
  }
  for (std::int64_t lane = 0; lane < lanes; ++lane) {
    scales[lane] = to_bfloat16(largest[lane] / most_byte * scale_margin);
    const float scale = from_bfloat16(scales[lane]);
    inverse[lane] = scale > 0 ? 1 / scale : 0;
  }
  for (std::int64_t first = 0; first < group; first += quad, numbers += lanes * quad) {
    std::uint32_t four[lanes] = {};
    for (std::int64_t c = 0; c < quad; ++c) {
      const float* column = first + c < columns ? at + (first + c) * stride : nullptr;
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

constexpr std::int64_t floats_for_bytes(std::int64_t bytes) {
  constexpr std::int64_t line = 64;  // each part begins on a line of the cache
  return (bytes + line - 1) / line * line / static_cast<std::int64_t>(sizeof(float));
}

}  // namespace

std::int64_t floats_of_byte_rows(std::int64_t rows, const QuantizedLayout& layout) {
  return floats_for_bytes(rows * layout.groups() * layout.group) +
         2 * floats_for_bytes(rows * layout.groups() * 4);
}

ByteRows byte_rows_at(float* scratch, std::int64_t rows, const QuantizedLayout& layout) {
  const std::int64_t groups = layout.groups(), columns = groups * layout.group;
  float* scales = scratch + floats_for_bytes(rows * columns);
  float* sums = scales + floats_for_bytes(rows * groups * 4);
  return {rows,    groups,
          columns, reinterpret_cast<std::int8_t*>(scratch),
          scales,  reinterpret_cast<std::int32_t*>(sums)};
}

void round_to_bytes(const float* x, std::int64_t stride, std::int64_t in, std::int64_t group,
                    const ByteRows& to) {
  const RoundKernel round = strip_kernels().round;
  for (std::int64_t row = 0; row < to.rows; ++row) {
    round(x + row * stride,
          {in, group, to.numbers + row * to.columns, to.scales + row * to.groups, to.sums + row * to.groups});
  }
}

void quantize_columns(const float* at, std::int64_t stride, const QuantizedLayout& layout,
                      std::uint8_t* numbers, std::uint16_t* scales) {
  for (std::int64_t strip = 0; strip < layout.strips(); ++strip) {
    for (std::int64_t g = 0; g < layout.groups(); ++g) {
      const std::int64_t columns = std::min(layout.group, layout.columns - g * layout.group);
      quantize_group(at + strip * lanes + g * layout.group * stride, stride, columns, layout.group, numbers,
                     scales);
      numbers += layout.group * lanes;
      scales += lanes;
    }
  }
}

void multiply_quantized(const ByteRows& x, const QuantizedView& matrix, std::int64_t first, std::int64_t last,
                        float* out, std::int64_t stride, const StripKernels& kernels) {
  const QuantizedLayout& layout = matrix.layout;
  const auto strip_at = [&](std::int64_t strip) {
    const std::int64_t scale = strip * layout.scales_of_strip();
    return Strip{matrix.numbers + strip * layout.bytes_of_strip(),
                 matrix.scales + scale,
                 matrix.minima ? matrix.minima + scale : nullptr,
                 layout.groups(),
                 layout.group,
                 std::min(lanes, layout.rows - strip * lanes)};
  };
  const auto rows_at = [&](std::int64_t row) {
    return XRows{x.numbers + row * x.columns, x.scales + row * x.groups, x.sums + row * x.groups, x.columns};
  };
  // Rows from `row` on, a few at a time.
  const auto few = [&](std::int64_t row, std::int64_t strip) {
    const Strip of = strip_at(strip);
    while (row < x.rows) {
      const std::int64_t count = rows_together(x.rows - row);
      kernels.strip(count, of, rows_at(row), out + row * stride + strip * lanes, stride);
      row += count;
    }
  };
  std::int64_t strip = first;
  if (kernels.pair && !matrix.minima) {
    for (; strip + 1 < last; strip += 2) {
      const Strip one = strip_at(strip), other = strip_at(strip + 1);
      std::int64_t row = 0;
      for (; row + rows_of_pair <= x.rows; row += rows_of_pair) {
        kernels.pair(one, other, rows_at(row), out + row * stride + strip * lanes, stride);
      }
      few(row, strip);
      few(row, strip + 1);
    }
  }
  for (; strip < last; ++strip) few(0, strip);
}

bool bytes_pay() {
  return strip_kernels().pair != nullptr;
}

}  // namespace nightingale::cpu

// See quantized.hpp. The kernels hold one strip of 16 outputs for a few rows of x in registers while the
// columns pass: quantized_vnni.hpp, quantized_avx2.hpp, quantized_plain.hpp.
#include "kernels/cpu/quantized.hpp"

#include <algorithm>

#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/quantized_strip.hpp"

namespace nightingale::cpu {

namespace {

constexpr std::int64_t lanes = QuantizedLayout::strip;

constexpr std::int64_t floats_for_bytes(std::int64_t bytes) {
  constexpr std::int64_t line = 64;  // each part begins on a line of the cache
  return rounded_up(bytes, line) / static_cast<std::int64_t>(sizeof(float));
}

}  // namespace

float most_of(Precision precision, const StripKernels& kernels) {
  return precision == Precision::int8 ? kernels.most : most_byte;
}

std::int64_t floats_of_byte_rows(std::int64_t rows, const QuantizedLayout& layout) {
  return floats_for_bytes(rows * layout.groups() * layout.group) +
         2 * floats_for_bytes(rows * layout.groups() * 4);
}

ByteRows byte_rows_at(float* scratch, std::int64_t rows, const QuantizedLayout& layout) {
  const std::int64_t groups = layout.groups(), columns = groups * layout.group;
  float* scales = scratch + floats_for_bytes(rows * columns);
  float* sums = scales + floats_for_bytes(rows * groups * 4);
  return {rows,
          groups,
          columns,
          most_of(layout.precision),
          reinterpret_cast<std::int8_t*>(scratch),
          scales,
          reinterpret_cast<std::int32_t*>(sums)};
}

void round_to_bytes(const float* x, std::int64_t stride, std::int64_t in, std::int64_t group,
                    const ByteRows& to) {
  const RoundKernel round = strip_kernels().round;
  for (std::int64_t row = 0; row < to.rows; ++row) {
    round(x + row * stride, {in, group, to.most, to.numbers + row * to.columns, to.scales + row * to.groups,
                             to.sums + row * to.groups});
  }
}

void round_rows(int threads, const float* x, std::int64_t in, std::int64_t group, const ByteRows& to) {
  share(threads, to.rows, in, [&](std::int64_t first, std::int64_t last) {
    round_to_bytes(x + first * in, in, in, group, to.part(first, last - first));
  });
}

void quantize_columns(const float* at, std::int64_t stride, const QuantizedLayout& layout,
                      std::uint8_t* numbers, std::uint16_t* scales, const StripKernels& kernels) {
  for (std::int64_t strip = 0; strip < layout.strips(); ++strip) {
    for (std::int64_t g = 0; g < layout.groups(); ++g) {
      const std::int64_t columns = std::min(layout.group, layout.columns - g * layout.group);
      kernels.columns({at + strip * lanes + g * layout.group * stride, stride, columns}, layout.group,
                      numbers, scales);
      numbers += layout.group * lanes;
      scales += lanes;
    }
  }
}

void multiply_quantized(const ByteRows& x, const QuantizedView& matrix, std::int64_t first, std::int64_t last,
                        float* out, std::int64_t stride, const StripKernels& kernels) {
  const QuantizedLayout& layout = matrix.layout;
  const auto strip_at = [&](std::int64_t strip) {
    const std::int64_t row = strip * lanes;
    const QuantizedView part = matrix.part(row, std::min(lanes, layout.rows - row));
    return Strip{part.numbers, part.scales, part.minima, layout.groups(), layout.group, part.layout.rows};
  };
  const XRows all{x.numbers, x.scales, x.sums, x.columns};
  // Rows from `row` on, a few at a time.
  const auto few = [&](std::int64_t row, std::int64_t strip) {
    const Strip of = strip_at(strip);
    while (row < x.rows) {
      const std::int64_t count = rows_together(x.rows - row);
      kernels.strip(count, of, all.below(row, x.groups), out + row * stride + strip * lanes, stride);
      row += count;
    }
  };
  std::int64_t strip = first;
  // A decoder's few rows read each strip once, as it comes from memory; many rows find it in cache.
  if (kernels.pair && !matrix.minima && x.rows > most_rows_together) {
    for (; strip + 1 < last; strip += 2) {
      const Strip one = strip_at(strip), other = strip_at(strip + 1);
      std::int64_t row = 0;
      for (; row + rows_of_pair <= x.rows; row += rows_of_pair) {
        kernels.pair(one, other, all.below(row, x.groups), out + row * stride + strip * lanes, stride);
      }
      few(row, strip);
      few(row, strip + 1);
    }
  }
  for (; strip < last; ++strip) few(0, strip);
}

bool bytes_pay() {
  return strip_kernels().pay;
}

}  // namespace nightingale::cpu

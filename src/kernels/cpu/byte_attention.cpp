// See byte_attention.hpp.
#include "kernels/cpu/byte_attention.hpp"

#include <algorithm>
#include <cstring>

#include "base/multiversion.hpp"
#include "kernels/cpu/quantized.hpp"
#include "kernels/cpu/softmax.hpp"
#include "kernels/cpu/transpose.hpp"

namespace nightingale::cpu {

namespace {

constexpr std::int64_t strip_rows = QuantizedLayout::strip;
constexpr std::int64_t line = 16;  // floats of a line of the cache

// Keys [count, width] for the scores, values turned over [width, count] for the sums that they weigh.
struct Matrices {
  QuantizedLayout keys, values;

  Matrices(std::int64_t count, std::int64_t width)
      : keys(layout_of(Precision::int8, count, width)),
        values(layout_of(Precision::int8, width, count)) {}

  static std::int64_t floats_of_numbers(const QuantizedLayout& layout) {
    return rounded_up(layout.strips() * layout.bytes_of_strip() / 4, line);
  }
  static std::int64_t floats_of_scales(const QuantizedLayout& layout) {
    return rounded_up((layout.strips() * layout.scales_of_strip() + 1) / 2, line);
  }
  static std::int64_t floats(const QuantizedLayout& layout) {
    return floats_of_numbers(layout) + floats_of_scales(layout);
  }
  static std::uint8_t* numbers(float* at) { return reinterpret_cast<std::uint8_t*>(at); }
  static std::uint16_t* scales(float* at, const QuantizedLayout& layout) {
    return reinterpret_cast<std::uint16_t*>(at + floats_of_numbers(layout));
  }
  static QuantizedView view(const float* at, const QuantizedLayout& layout) {
    return {layout, reinterpret_cast<const std::uint8_t*>(at),
            reinterpret_cast<const std::uint16_t*>(at + floats_of_numbers(layout)), nullptr};
  }
};

// The keys turned over, [width, padded count], each channel without its mean, zeros behind the last.
NIGHTINGALE_MULTIVERSION void turn_keys(const ByteHead& head, std::int64_t padded, float* turned) {
  transpose(head.keys, head.stride, head.count, head.width, turned);
  for (std::int64_t channel = head.width; channel-- > 0;) {
    float* from = turned + channel * head.count;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t j = 0; j < head.count; ++j) sum += from[j];
    const float mean = sum / static_cast<float>(head.count);
    float* to = turned + channel * padded;
    std::memmove(to, from, static_cast<std::size_t>(head.count) * sizeof(float));
#pragma omp simd
    for (std::int64_t j = 0; j < head.count; ++j) to[j] -= mean;
    std::fill(to + head.count, to + padded, 0.0F);
  }
}

}  // namespace

bool byte_attention_pays(std::int64_t rows, std::int64_t count, std::int64_t width) {
  constexpr std::int64_t fewest = 64;  // rows on either side
  return bytes_pay() && rows >= fewest && count >= fewest && width % strip_rows == 0;
}

std::int64_t floats_of_byte_head(std::int64_t count, std::int64_t width) {
  const Matrices matrices(count, width);
  return Matrices::floats(matrices.keys) + Matrices::floats(matrices.values);
}

std::int64_t floats_of_byte_scratch(std::int64_t count, std::int64_t width) {
  const Matrices matrices(count, width);
  const std::int64_t turned = width * rounded_up(count, strip_rows);
  const std::int64_t tile = floats_of_byte_rows(byte_attention_rows, matrices.keys) +
                            floats_of_byte_rows(byte_attention_rows, matrices.values) +
                            byte_attention_rows * rounded_up(count, line);
  return rounded_up(std::max(turned, tile), line);
}

void round_head(const ByteHead& head, float* scratch, float* to) {
  const Matrices matrices(head.count, head.width);
  const std::int64_t padded = rounded_up(head.count, strip_rows);
  turn_keys(head, padded, scratch);
  quantize_columns(scratch, padded, matrices.keys, Matrices::numbers(to),
                   Matrices::scales(to, matrices.keys));
  to += Matrices::floats(matrices.keys);
  quantize_columns(head.values, head.stride, matrices.values, Matrices::numbers(to),
                   Matrices::scales(to, matrices.values));
}

void attend_by_bytes(const ByteHead& head, const float* rounded, const ConstMatrix& query, std::int64_t rows,
                     float scale, float* scratch, const Matrix& out) {
  const Matrices matrices(head.count, head.width);
  const ByteRows asking = byte_rows_at(scratch, rows, matrices.keys);
  float* of_weights = scratch + floats_of_byte_rows(byte_attention_rows, matrices.keys);
  const ByteRows weights = byte_rows_at(of_weights, rows, matrices.values);
  float* scores = of_weights + floats_of_byte_rows(byte_attention_rows, matrices.values);
  const std::int64_t stride = rounded_up(head.count, line);  // a strip of scores is one line of the cache

  round_to_bytes(query.data, query.stride, head.width, matrices.keys.group, asking);
  multiply_quantized(asking, Matrices::view(rounded, matrices.keys), 0, matrices.keys.strips(), scores,
                     stride);
  float sums[byte_attention_rows];
  const SoftenKernel soften = strip_kernels().soften;
  for (std::int64_t r = 0; r < rows; ++r) {
    sums[r] = soften(scores + r * stride, scale,
                     {head.count, matrices.values.group, weights.most, weights.numbers + r * weights.columns,
                      weights.scales + r * weights.groups, weights.sums + r * weights.groups});
  }
  const float* values = rounded + Matrices::floats(matrices.keys);
  multiply_quantized(weights, Matrices::view(values, matrices.values), 0, matrices.values.strips(), out.data,
                     out.stride);
  for (std::int64_t r = 0; r < rows; ++r) multiply_by(1.0F / sums[r], out.data + r * out.stride, head.width);
}

}  // namespace nightingale::cpu

// prepare: each weight in the form that its kernels read.
#include "kernels/cpu/byte_conv1d.hpp"
#include "kernels/cpu/packed.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/quantized.hpp"
#include "kernels/cpu/substrate.hpp"
#include "kernels/cpu/taps.hpp"

namespace nightingale {

namespace {

// The weight as `values` [row, column] rounded; its float32 numbers are let go.
void quantize(std::span<const float> values, const QuantizedLayout& layout, WeightRecord& weight) {
  const auto matrix = std::make_shared<Quantized>(layout);
  for (std::int64_t strip = 0; strip < layout.strips(); ++strip) quantize_strip(values, strip, *matrix);
  weight.few_bits = matrix->view();
  weight.values = {};
  weight.owner = matrix;
}

// A matrix in few bits, as the file has it or rounded here.
void quantize_matrix(WeightRecord& weight) {
  if (weight.few_bits) return;
  const Shape shape = weight.shape.resolved();
  quantize(weight.values, layout_of(weight.precision, shape.count(0), shape.count(1)), weight);
}

void quantize_convolution(Weight& weight) {
  const std::vector<float> rows = cpu::rows_of_taps(weight);
  quantize(rows, cpu::layout_of_taps(weight), weight.record());
}

// A file's few bits as the floats that they stand for.
void dequantize(WeightRecord& weight) {
  const auto numbers = std::make_shared<std::vector<float>>(dequantized(*weight.few_bits));
  weight.few_bits.reset();
  weight.values = *numbers;
  weight.owner = numbers;
}

// A decoder's matrix is kept small on any machine; one of many rows only where it is faster so.
bool wants_few_bits(const WeightRecord& weight) {
  return weight.precision != Precision::f32 && (weight.decodes || cpu::bytes_pay());
}

}  // namespace

void Cpu::prepare(Weight& weight) {
  switch (weight->use) {
    case Use::convolution:
      if (wants_few_bits(*weight)) return quantize_convolution(weight);
      [[fallthrough]];
    case Use::strided_convolution:
    case Use::transposed_convolution: weight.record().prepared = cpu::packed_taps(weight); return;
    case Use::plane_convolution: weight.record().prepared = cpu::packed_plane(weight); return;
    case Use::depthwise_convolution: weight.record().prepared = cpu::packed_depthwise(weight); return;
    case Use::matmul:
      if (wants_few_bits(*weight)) {
        quantize_matrix(weight.record());
        if (weight->decodes) narrow_cache_ = true;
      } else if (weight->few_bits) {
        dequantize(weight.record());
      }
      return;
    case Use::vector:
    case Use::table: return;
  }
}

void Cpu::in_turns(std::size_t count, const std::function<void(std::size_t)>& task) {
  cpu::take_turns(threads_, static_cast<std::int64_t>(count),
                  [&](std::int64_t i, int) { task(static_cast<std::size_t>(i)); });
}

}  // namespace nightingale

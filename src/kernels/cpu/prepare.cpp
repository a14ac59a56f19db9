// prepare: each weight in the form that its kernels read.
#include "kernels/cpu/packed.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/quantized.hpp"
#include "kernels/cpu/substrate.hpp"
#include "kernels/cpu/taps.hpp"

namespace nightingale {

namespace {

// The weight in few bits, as the file has it or rounded here; its float32 numbers are let go.
void quantize(int threads, WeightRecord& weight) {
  if (weight.few_bits) return;
  const Shape shape = weight.shape.resolved();
  const auto matrix =
      std::make_shared<Quantized>(layout_of(weight.precision, shape.count(0), shape.count(1)));
  const std::int64_t cost = QuantizedLayout::strip * matrix->layout.columns;
  cpu::share(threads, matrix->layout.strips(), cost, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t strip = first; strip < last; ++strip) quantize_strip(weight.values, strip, *matrix);
  });
  weight.few_bits = matrix->view();
  weight.values = {};
  weight.owner = matrix;
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
    case Use::transposed_convolution: weight.record().prepared = cpu::packed_taps(weight); return;
    case Use::plane_convolution: weight.record().prepared = cpu::packed_plane(weight); return;
    case Use::depthwise_convolution: weight.record().prepared = cpu::packed_depthwise(weight); return;
    case Use::matmul:
      if (wants_few_bits(*weight)) {
        quantize(threads_, weight.record());
        narrow_cache_ = narrow_cache_ || weight->decodes;
      } else if (weight->few_bits) {
        dequantize(weight.record());
      }
      return;
    case Use::vector:
    case Use::table: return;
  }
}

}  // namespace nightingale

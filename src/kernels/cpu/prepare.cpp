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

bool is_flow(const WeightRecord& weight) {
  return weight.path.starts_with("flow.");
}

// A decoder's matrix is kept small on any machine; the flow's only where its many rows gain by it.
bool wants_few_bits(const WeightRecord& weight) {
  if (weight.precision == Precision::f32) return false;
  if (weight.few_bits) return true;
  return cpu::bytes_pay() || !is_flow(weight);
}

}  // namespace

void Cpu::prepare(Weight& weight) {
  switch (weight->use) {
    case Use::convolution:
    case Use::transposed_convolution: weight.record().prepared = cpu::packed_taps(weight); return;
    case Use::plane_convolution: weight.record().prepared = cpu::packed_plane(weight); return;
    case Use::depthwise_convolution: weight.record().prepared = cpu::packed_depthwise(weight); return;
    case Use::matmul:
      if (!wants_few_bits(*weight)) return;
      quantize(threads_, weight.record());
      if (!is_flow(*weight)) narrow_cache_ = true;
      return;
    case Use::vector:
    case Use::table: return;
  }
}

}  // namespace nightingale

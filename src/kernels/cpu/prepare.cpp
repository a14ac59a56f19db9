// prepare: each weight in the form that its kernels read.
#include "kernels/cpu/packed.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/quantised.hpp"
#include "kernels/cpu/substrate.hpp"
#include "kernels/cpu/taps.hpp"

namespace nightingale {

namespace {

// The weight in few bits; its float32 numbers are let go.
void quantise(int threads, WeightRecord& weight) {
  const Shape shape = weight.shape.resolved();
  const auto matrix =
      std::make_shared<Quantised>(layout_of(weight.precision, shape.count(0), shape.count(1)));
  const std::int64_t cost = QuantisedLayout::strip * matrix->layout.columns;
  cpu::share(threads, matrix->layout.strips(), cost, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t strip = first; strip < last; ++strip) quantise_strip(weight.values, strip, *matrix);
  });
  weight.prepared = matrix;
  weight.values = {};
  weight.owner = nullptr;
}

// A decoder's matrix is kept small on any machine; the flow's only where its many rows gain by it.
bool wants_few_bits(const WeightRecord& weight) {
  if (weight.precision == Precision::f32) return false;
  return cpu::bytes_pay() || !weight.path.starts_with("flow.");
}

}  // namespace

void Cpu::prepare(Weight& weight) {
  switch (weight->use) {
    case Use::convolution:
    case Use::transposed_convolution: weight.record().prepared = cpu::packed_taps(weight); return;
    case Use::plane_convolution: weight.record().prepared = cpu::packed_plane(weight); return;
    case Use::depthwise_convolution: weight.record().prepared = cpu::packed_depthwise(weight); return;
    case Use::matmul:
      if (wants_few_bits(*weight)) quantise(threads_, weight.record());
      return;
    case Use::vector:
    case Use::table: return;
  }
}

}  // namespace nightingale

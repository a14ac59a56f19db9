// Tables and matrices.
//   embedding  out[row] = table[ids[row]]
//   linear     out[row, o] = bias[o] + Σ_i weight[o, i] · x[row, i]
#include "kernels/reference/substrate.hpp"

namespace nightingale::reference {

// A matrix of few bits takes part with the numbers that these stand for.
void Reference::prepare(Weight& weight) {
  if (weight->use != Use::matmul || weight->precision == Precision::f32) return;
  const Shape shape = weight.shape().resolved();
  const QuantizedLayout layout = layout_of(weight->precision, shape.count(0), shape.count(1));
  const auto numbers = std::make_shared<const std::vector<float>>(
      weight->few_bits ? dequantized(*weight->few_bits)
                       : dequantized(quantized(weight->values, layout).view()));
  weight.record().values = *numbers;
  weight.record().owner = numbers;
}

void Reference::do_embedding(const Tensor& ids, const Weight& table, Tensor& out) {
  const std::int64_t width = width_of(out);
  double* to = out.data<double>();
  for (const std::int32_t id : ids.numbers<const std::int32_t>()) {
    const float* entry = table.values() + id * width;
    for (std::int64_t i = 0; i < width; ++i) *to++ = entry[i];
  }
}

void Reference::do_linear(const Tensor& x, const Weight& weight, const Weight& bias, const Fused& fused,
                          Tensor& out) {
  const std::int64_t in = width_of(x);
  const std::int64_t width = width_of(out);
  const double* row = x.data<double>();
  double* to = out.data<double>();
  for (std::int64_t rows = rows_of(out); rows > 0; --rows, row += in) {
    for (std::int64_t o = 0; o < width; ++o) {
      double sum = bias ? bias.values()[o] : 0.0;
      for (std::int64_t i = 0; i < in; ++i) sum += weight.values()[o * in + i] * row[i];
      *to++ = sum;
    }
  }
  finish(fused, out);
}

}  // namespace nightingale::reference

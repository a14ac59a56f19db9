// conv1d by bytes: what a row of the result sees is copied side by side, rounded already, and multiplied as a
// row of a linear.
#pragma once

#include <vector>

#include "ops/ops.hpp"
#include "tensor/quantized.hpp"

namespace nightingale::cpu {

// A weight [out, in, tap] as a matrix [out, tap · padded in]: each tap begins with a group of its own.
QuantizedLayout layout_of_taps(const Weight& weight);
std::vector<float> rows_of_taps(const Weight& weight);

// The weight in few bits, in that layout.
struct ByteConv1d {
  const Tensor& x;
  const Weight& weight;
  const float* bias;  // or null
  const Convolution& shape;
  const Fused& fused;
  Tensor& out;
};

// Floats of scratch for a call, and the call.
std::int64_t floats_of_byte_conv1d(int threads, const ByteConv1d& conv);
void conv1d_by_bytes(int threads, const ByteConv1d& conv, float* scratch);

}  // namespace nightingale::cpu

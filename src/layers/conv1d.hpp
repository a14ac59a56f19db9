// Convolution along the rows of x [batch, row, in], and its transpose. Channels are innermost: a row is one
// moment.
//
// The vocoder's convolutions are stored as a weight norm (direction and length apart,
// torch.nn.utils.parametrizations); the rest as plain weights. Which one it is is declared here, never
// detected.
#pragma once

#include "layers/linear.hpp"

namespace nightingale {

enum class Stored { plain, weight_norm };

struct Conv1dOptions {
  Axis out, in;
  std::int64_t taps = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t pad_left = 0;
  std::int64_t pad_right = 0;
  Stored stored = Stored::plain;
  Bias bias = Bias::yes;
};

struct Conv1d {
  Weight weight, bias;
  Convolution geometry;

  Conv1d(Binder at, const Conv1dOptions& options);

  Tensor forward(Ops& op, const Tensor& x, const Fused& fused = {}) const {
    return op.conv1d(x, weight, bias, geometry, fused);
  }
};

struct ConvTranspose1dOptions {
  Axis out, in;
  std::int64_t taps = 1;
  std::int64_t stride = 1;
  std::int64_t trim = 0;
};

// Stored [in, out, tap] and always weight-normed; the norm's kept axis is the first, which here is `in`.
struct ConvTranspose1d {
  Weight weight, bias;
  TransposedConvolution geometry;

  ConvTranspose1d(Binder at, const ConvTranspose1dOptions& options);

  Tensor forward(Ops& op, const Tensor& x) const { return op.conv_transpose1d(x, weight, bias, geometry); }
};

// The padding on each side that keeps the length of an odd, dilated convolution.
constexpr std::int64_t same_padding(std::int64_t taps, std::int64_t dilation = 1) {
  return (taps - 1) * dilation / 2;
}

}  // namespace nightingale

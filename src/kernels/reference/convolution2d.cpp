// Convolutions over planes, and of each channel by itself; channels innermost.
//   conv2d            out[r, c, o] = Σ weight[o, i, tc, tr] · x[r·stride + tr − pad, c·stride + tc − pad, i]
//   depthwise_conv1d  out[r, c]    = Σ_t weight[c, 0, t] · x[r + t·dilation − pad_left, c]
#include "kernels/reference/substrate.hpp"

namespace nightingale::reference {

namespace {

std::int64_t source_of(std::int64_t index, std::int64_t tap, const Convolution& geometry) {
  return index * geometry.stride + tap * geometry.dilation - geometry.pad_left;
}

}  // namespace

void Reference::do_conv2d(const Tensor& x, const Weight& weight, const PlaneConvolution& geometry,
                          Tensor& out) {
  const Shape& from = x.shape();
  const Shape& to = out.shape();
  const Shape taps = weight.shape().resolved();
  const std::int64_t in = from.count(3), outs = to.count(3), column_taps = taps.count(2),
                     row_taps = taps.count(3);
  const auto one = [&](std::int64_t item, std::int64_t row, std::int64_t column, std::int64_t o) {
    double sum = 0;
    for (std::int64_t tr = 0; tr < row_taps; ++tr) {
      const std::int64_t r = source_of(row, tr, geometry.row);
      if (r < 0 || r >= from.count(1)) continue;
      for (std::int64_t tc = 0; tc < column_taps; ++tc) {
        const std::int64_t c = source_of(column, tc, geometry.column);
        if (c < 0 || c >= from.count(2)) continue;
        const double* numbers = x.data<double>() + ((item * from.count(1) + r) * from.count(2) + c) * in;
        for (std::int64_t i = 0; i < in; ++i) {
          sum += weight.values()[((o * in + i) * column_taps + tc) * row_taps + tr] * numbers[i];
        }
      }
    }
    return sum;
  };
  double* result = out.data<double>();
  for (std::int64_t item = 0; item < to.count(0); ++item) {
    for (std::int64_t row = 0; row < to.count(1); ++row) {
      for (std::int64_t column = 0; column < to.count(2); ++column) {
        for (std::int64_t o = 0; o < outs; ++o) *result++ = one(item, row, column, o);
      }
    }
  }
}

void Reference::do_depthwise_conv1d(const Tensor& x, const Weight& weight, const Convolution& geometry,
                                    const Fused& fused, Tensor& out) {
  const std::int64_t channels = width_of(x), rows = x.shape().count(1), out_rows = out.shape().count(1);
  const std::int64_t taps = weight.shape()[2].size.resolved().number();
  for (std::int64_t item = 0; item < x.shape().count(0); ++item) {
    const double* from = x.data<double>() + item * rows * channels;
    double* to = out.data<double>() + item * out_rows * channels;
    for (std::int64_t row = 0; row < out_rows; ++row) {
      for (std::int64_t channel = 0; channel < channels; ++channel) {
        double sum = 0;
        for (std::int64_t tap = 0; tap < taps; ++tap) {
          const std::int64_t source = source_of(row, tap, geometry);
          if (source < 0 || source >= rows) continue;
          sum += weight.values()[channel * taps + tap] * from[source * channels + channel];
        }
        to[row * channels + channel] = sum;
      }
    }
  }
  finish(fused, out);
}

}  // namespace nightingale::reference

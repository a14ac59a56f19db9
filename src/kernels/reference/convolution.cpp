// Convolutions along rows, channels innermost.
//   conv1d            out[r, o] = bias[o] + Σ_t Σ_i weight[o, i, t] · x[r·stride + t·dilation − pad_left, i]
//   conv_transpose1d  out[r·stride + t − trim, o] += weight[i, o, t] · x[r, i]
// Rows outside the input are zero, rows outside the output are dropped.
#include <algorithm>

#include "kernels/reference/substrate.hpp"

namespace nightingale::reference {

namespace {

// The rows of [batch, row, channel].
struct Rows {
  std::int64_t batch, count, width;
  double* data;

  explicit Rows(const Tensor& x)
      : batch(x.shape().count(0)),
        count(x.shape().count(1)),
        width(x.shape().count(2)),
        data(x.data<double>()) {}
  double* at(std::int64_t item, std::int64_t row) const { return data + (item * count + row) * width; }
};

// weight [out, in, tap] as [tap, out, in], so that the innermost loop runs along memory.
std::vector<double> taps_outermost(const Weight& weight, std::int64_t taps) {
  const auto pairs = static_cast<std::int64_t>(weight->values.size()) / taps;
  std::vector<double> turned(weight->values.size());
  for (std::int64_t pair = 0; pair < pairs; ++pair) {
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      turned[static_cast<std::size_t>(tap * pairs + pair)] = weight.values()[pair * taps + tap];
    }
  }
  return turned;
}

std::int64_t taps_of(const Weight& weight) {
  return weight.shape()[2].size.resolved().number();
}

void start_from_bias(const Weight& bias, Tensor& out) {
  const std::int64_t width = width_of(out);
  double* to = out.data<double>();
  for (std::int64_t row = rows_of(out); row > 0; --row, to += width) {
    for (std::int64_t o = 0; o < width; ++o) to[o] = bias ? bias.values()[o] : 0.0;
  }
}

}  // namespace

void Reference::do_conv1d(const Tensor& x, const Weight& weight, const Weight& bias,
                          const Convolution& geometry, const Fused& fused, Tensor& out) {
  const Rows from(x);
  const Rows to(out);
  const std::int64_t taps = taps_of(weight);
  const std::vector<double> turned = taps_outermost(weight, taps);
  start_from_bias(bias, out);
  for (std::int64_t item = 0; item < to.batch; ++item) {
    for (std::int64_t r = 0; r < to.count; ++r) {
      for (std::int64_t tap = 0; tap < taps; ++tap) {
        const std::int64_t source = r * geometry.stride + tap * geometry.dilation - geometry.pad_left;
        if (source < 0 || source >= from.count) continue;
        const double* row = from.at(item, source);
        const double* matrix = turned.data() + tap * to.width * from.width;
        for (std::int64_t o = 0; o < to.width; ++o, matrix += from.width) {
          double sum = 0;
          for (std::int64_t i = 0; i < from.width; ++i) sum += matrix[i] * row[i];
          to.at(item, r)[o] += sum;
        }
      }
    }
  }
  finish(fused, out);
}

void Reference::do_conv_transpose1d(const Tensor& x, const Weight& weight, const Weight& bias,
                                    const TransposedConvolution& geometry, Tensor& out) {
  const Rows from(x);
  const Rows to(out);
  const std::int64_t taps = taps_of(weight);
  const std::vector<double> turned = taps_outermost(weight, taps);  // [tap, in, out]
  start_from_bias(bias, out);
  for (std::int64_t item = 0; item < from.batch; ++item) {
    for (std::int64_t r = 0; r < from.count; ++r) {
      for (std::int64_t tap = 0; tap < taps; ++tap) {
        const std::int64_t target = r * geometry.stride + tap - geometry.trim;
        if (target < 0 || target >= to.count) continue;
        const double* matrix = turned.data() + tap * from.width * to.width;
        for (std::int64_t i = 0; i < from.width; ++i, matrix += to.width) {
          for (std::int64_t o = 0; o < to.width; ++o)
            to.at(item, target)[o] += from.at(item, r)[i] * matrix[o];
        }
      }
    }
  }
}

}  // namespace nightingale::reference

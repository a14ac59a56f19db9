// See taps.hpp.
#include "kernels/cpu/taps.hpp"

#include <algorithm>

#include "kernels/cpu/minimal.hpp"

namespace nightingale::cpu {

namespace {

std::int64_t divided_up(std::int64_t number, std::int64_t by) {
  return number > 0 ? (number + by - 1) / by : -(-number / by);
}

}  // namespace

std::shared_ptr<const PackedTaps> packed_taps(const Weight& weight) {
  if (weight->prepared) return std::static_pointer_cast<const PackedTaps>(weight->prepared);
  const Shape shape = weight.shape().resolved();
  const bool transposed = weight->use == Use::transposed_convolution;  // [in, out, tap], else [out, in, tap]
  auto packed = std::make_shared<PackedTaps>();
  packed->out = shape.count(transposed ? 1 : 0);
  packed->in = shape.count(transposed ? 0 : 1);
  packed->taps = shape.count(2);
  packed->numbers.resize(weight->values.size());
  const std::int64_t out_stride = packed->taps * (transposed ? 1 : packed->in);
  const std::int64_t in_stride = packed->taps * (transposed ? packed->out : 1);
  float* to = packed->numbers.data();
  for (std::int64_t tap = 0; tap < packed->taps; ++tap) {
    for (std::int64_t first = 0; first < packed->out; first += strip) {
      const std::int64_t last = std::min(first + strip, packed->out);
      for (std::int64_t in = 0; in < packed->in; ++in) {
        const float* from = weight.values() + tap + in * in_stride;
        for (std::int64_t out = first; out < last; ++out) *to++ = from[out * out_stride];
      }
    }
  }
  if (weight->use == Use::convolution && minimal_pays(*packed)) {
    packed->at_points = taps_at_points(*packed);
    std::vector<float>().swap(packed->numbers);  // an assignment would keep the memory
  }
  return packed;
}

std::int64_t tile_of(std::int64_t rows) {
  constexpr std::int64_t fewest = 24, most = 192, step = 24, pieces = 4;  // multiples of a tile of gemm
  return std::clamp((rows / pieces + step - 1) / step * step, fewest, most);
}

void sum_taps(const TapSum& sum, std::int64_t first, std::int64_t last) {
  const std::int64_t stride = sum.out_step * sum.channels;
  for (std::int64_t q = first; q < last; ++q) {
    float* row = sum.out + q * stride;
    if (sum.bias) {
      std::copy_n(sum.bias, sum.channels, row);
    } else {
      std::fill_n(row, sum.channels, 0.0F);
    }
  }
  for (std::int64_t column = 0; column < sum.channels; column += strip) {
    const std::int64_t width = std::min(strip, sum.channels - column);
    for (const Tap& tap : sum.taps) {
      const std::int64_t from = std::max(first, divided_up(-tap.offset, sum.in_step));
      const std::int64_t to = std::min(last, divided_up(sum.in_rows - tap.offset, sum.in_step));
      if (from >= to) continue;
      gemm({to - from, width, sum.in},
           {sum.x + (from * sum.in_step + tap.offset) * sum.in, sum.in_step * sum.in},
           {tap.weight + column * sum.in, width}, {sum.out + from * stride + column, stride},
           Store::accumulate);
    }
  }
  finish(sum.finish.at(first, 0), last - first, sum.channels, {sum.out + first * stride, stride});
}

}  // namespace nightingale::cpu

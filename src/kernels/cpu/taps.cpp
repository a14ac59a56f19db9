// See taps.hpp.
#include "kernels/cpu/taps.hpp"

#include <algorithm>

#include "kernels/cpu/minimal.hpp"
#include "kernels/cpu/transpose.hpp"

namespace nightingale::cpu {

namespace {

std::int64_t divided_up(std::int64_t number, std::int64_t by) {
  return number > 0 ? (number + by - 1) / by : -(-number / by);
}

float* place_of(PackedTaps& packed, std::int64_t tap, std::int64_t strip_first) {
  return packed.numbers.data() + (tap * packed.out + strip_first) * packed.in;
}

// values [out, in, tap]
void pack(const float* values, PackedTaps& packed) {
  const std::int64_t of_out = packed.in * packed.taps;
  std::vector<float> turned(static_cast<std::size_t>(of_out * std::min(strip, packed.out)));
  for (std::int64_t first = 0; first < packed.out; first += strip) {
    const std::int64_t width = std::min(strip, packed.out - first);
    transpose(values + first * of_out, of_out, width, of_out, turned.data());  // [in, tap, out of the strip]
    for (std::int64_t tap = 0; tap < packed.taps; ++tap) {
      float* to = place_of(packed, tap, first);
      for (std::int64_t in = 0; in < packed.in; ++in, to += width) {
        std::copy_n(turned.data() + (in * packed.taps + tap) * width, width, to);
      }
    }
  }
}

// values [in, out, tap]
void pack_transposed(const float* values, PackedTaps& packed) {
  for (std::int64_t first = 0; first < packed.out; first += strip) {
    const std::int64_t width = std::min(strip, packed.out - first);
    for (std::int64_t tap = 0; tap < packed.taps; ++tap) {
      float* to = place_of(packed, tap, first);
      for (std::int64_t in = 0; in < packed.in; ++in) {
        const float* from = values + (in * packed.out + first) * packed.taps + tap;
        for (std::int64_t out = 0; out < width; ++out) *to++ = from[out * packed.taps];
      }
    }
  }
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
  transposed ? pack_transposed(weight.values(), *packed) : pack(weight.values(), *packed);
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

// conv_transpose1d: out[t] = bias + Σ x[i] · weight_tap over all i·stride + tap − trim = t.
//
// The rows t with the same remainder of (t + trim)/stride use the same taps: tap = remainder + stride·m looks
// m rows back. So each remainder is an ordinary convolution whose results lie `stride` rows apart.
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/substrate.hpp"
#include "kernels/cpu/taps.hpp"

namespace nightingale {

void Cpu::do_conv_transpose1d(const Tensor& x, const Weight& weight, const Weight& bias,
                              const TransposedConvolution& shape, Tensor& out) {
  const auto packed = cpu::packed_taps(weight);
  const std::int64_t in_rows = x.shape().count(1), out_rows = out.shape().count(1);
  // q counts the rows of one remainder: t = q·stride + remainder − trim.
  const std::int64_t most = (out_rows + shape.trim + shape.stride - 1) / shape.stride;
  const std::int64_t tile = cpu::tile_of(most), tiles = (most + tile - 1) / tile;
  const std::int64_t tasks = x.shape().count(0) * shape.stride * tiles;
  cpu::take_turns(threads_, tasks, [&](std::int64_t task, int) {
    const std::int64_t batch = task / (shape.stride * tiles), remainder = task / tiles % shape.stride;
    std::vector<cpu::Tap> taps;
    for (std::int64_t tap = remainder; tap < packed->taps; tap += shape.stride) {
      taps.push_back({-((tap - remainder) / shape.stride), packed->tap(tap)});
    }
    const std::int64_t before = shape.trim - remainder;  // rows of this remainder start at t = −before
    const std::int64_t first = task % tiles * tile;
    const std::int64_t begin = std::max(first, before > 0 ? (before + shape.stride - 1) / shape.stride : 0);
    const std::int64_t end = std::min(first + tile, (out_rows + before + shape.stride - 1) / shape.stride);
    if (begin >= end) return;
    const cpu::TapSum sum{.x = x.data<float>() + batch * in_rows * packed->in,
                          .in_rows = in_rows,
                          .in = packed->in,
                          .in_step = 1,
                          .out = out.data<float>() + (batch * out_rows - before) * packed->out,
                          .channels = packed->out,
                          .out_step = shape.stride,
                          .taps = taps,
                          .bias = bias ? bias.values() : nullptr,
                          .finish = {}};
    cpu::sum_taps(sum, begin, end);
  });
}

}  // namespace nightingale

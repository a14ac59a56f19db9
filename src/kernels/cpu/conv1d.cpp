// conv1d: out[t] = activation(bias + Σ_tap x[t·stride + tap·dilation − pad_left] · weight_tap) + add.
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/substrate.hpp"
#include "kernels/cpu/taps.hpp"

namespace nightingale {

void Cpu::prepare(Weight& weight) {
  const Use use = weight->use;
  if (use != Use::convolution && use != Use::transposed_convolution) return;
  weight.record().prepared = cpu::packed_taps(weight);
}

void Cpu::do_conv1d(const Tensor& x, const Weight& weight, const Weight& bias, const Convolution& shape,
                    const Fused& fused, Tensor& out) {
  const auto packed = cpu::packed_taps(weight);
  std::vector<cpu::Tap> taps;
  for (std::int64_t tap = 0; tap < packed->taps; ++tap) {
    taps.push_back({tap * shape.dilation - shape.pad_left, packed->tap(tap)});
  }
  const std::int64_t in_rows = x.shape().count(1), out_rows = out.shape().count(1);
  const std::int64_t tile = cpu::tile_of(out_rows), tiles = (out_rows + tile - 1) / tile;
  const float* add = fused.add ? fused.add->data<float>() : nullptr;
  cpu::take_turns(threads_, x.shape().count(0) * tiles, [&](std::int64_t task, int) {
    const std::int64_t batch = task / tiles, first = task % tiles * tile;
    const std::int64_t result = batch * out_rows * packed->out;
    const cpu::TapSum sum{.x = x.data<float>() + batch * in_rows * packed->in,
                          .in_rows = in_rows,
                          .in = packed->in,
                          .in_step = shape.stride,
                          .out = out.data<float>() + result,
                          .channels = packed->out,
                          .out_step = 1,
                          .taps = taps,
                          .bias = bias ? bias.values() : nullptr,
                          .finish = {nullptr, fused.then, add ? add + result : nullptr, packed->out}};
    cpu::sum_taps(sum, first, std::min(out_rows, first + tile));
  });
}

}  // namespace nightingale

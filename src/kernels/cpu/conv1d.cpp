// conv1d: out[t] = activation(bias + Σ_tap x[t·stride + tap·dilation − pad_left] · weight_tap) + add.
//
// Wide convolutions of stride 1 take half of the multiplications (minimal.hpp); one whose weight is
// kept in few bits goes by bytes (byte_conv1d.hpp).
#include "kernels/cpu/byte_conv1d.hpp"
#include "kernels/cpu/minimal.hpp"
#include "kernels/cpu/packed.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/substrate.hpp"
#include "kernels/cpu/taps.hpp"

namespace nightingale {

namespace {

struct Conv1d {
  const Tensor& x;
  const cpu::PackedTaps& packed;
  const Convolution& shape;
  const float* bias;
  const Fused& fused;
  Tensor& out;

  std::int64_t batches() const { return x.shape().count(0); }
  std::int64_t in_rows() const { return x.shape().count(1); }
  std::int64_t out_rows() const { return out.shape().count(1); }
  const float* input(std::int64_t batch) const { return x.data<float>() + batch * in_rows() * packed.in; }
  float* output(std::int64_t batch) const { return out.data<float>() + batch * out_rows() * packed.out; }
  cpu::Finish finish(std::int64_t batch) const {
    const float* add = fused.add ? fused.add->data<float>() + batch * out_rows() * packed.out : nullptr;
    return {bias, fused.then, add, packed.out};
  }
};

void each_tap(int threads, const Conv1d& conv) {
  std::vector<cpu::Tap> taps;
  for (std::int64_t tap = 0; tap < conv.packed.taps; ++tap) {
    taps.push_back({tap * conv.shape.dilation - conv.shape.pad_left, conv.packed.tap(tap)});
  }
  const std::int64_t rows = conv.out_rows(), tile = cpu::tile_of(rows), tiles = (rows + tile - 1) / tile;
  cpu::take_turns(threads, conv.batches() * tiles, [&](std::int64_t task, int) {
    const std::int64_t batch = task / tiles, first = task % tiles * tile;
    cpu::Finish finish = conv.finish(batch);
    finish.bias = nullptr;
    const cpu::TapSum sum{.x = conv.input(batch),
                          .in_rows = conv.in_rows(),
                          .in = conv.packed.in,
                          .in_step = conv.shape.stride,
                          .out = conv.output(batch),
                          .channels = conv.packed.out,
                          .out_step = 1,
                          .taps = taps,
                          .bias = conv.bias,
                          .finish = finish};
    cpu::sum_taps(sum, first, std::min(rows, first + tile));
  });
}

cpu::MinimalSum minimal_sum(const Conv1d& conv, std::int64_t batch) {
  return {.x = conv.input(batch),
          .in_rows = conv.in_rows(),
          .pad_left = conv.shape.pad_left,
          .dilation = conv.shape.dilation,
          .packed = conv.packed,
          .out = conv.output(batch),
          .out_rows = conv.out_rows(),
          .finish = conv.finish(batch)};
}

// `scratch` has `per_thread` numbers for each thread.
void by_points(int threads, const Conv1d& conv, float* scratch, std::int64_t per_thread) {
  const std::int64_t positions = cpu::positions_of(conv.out_rows(), conv.shape.dilation);
  const std::int64_t tile = cpu::minimal_tile(positions), tiles = (positions + tile - 1) / tile;
  cpu::take_turns(threads, conv.batches() * tiles, [&](std::int64_t task, int thread) {
    const std::int64_t first = task % tiles * tile;
    cpu::sum_minimal(minimal_sum(conv, task / tiles), first, std::min(positions, first + tile),
                     scratch + thread * per_thread);
  });
}

}  // namespace

void Cpu::do_conv1d(const Tensor& x, const Weight& weight, const Weight& bias, const Convolution& shape,
                    const Fused& fused, Tensor& out) {
  if (weight->few_bits) {
    const cpu::ByteConv1d conv{x, weight, bias ? bias.values() : nullptr, shape, fused, out};
    const auto memory = scratch(cpu::floats_of_byte_conv1d(threads_, conv));
    return cpu::conv1d_by_bytes(threads_, conv, reinterpret_cast<float*>(memory.get()));
  }
  const auto packed = cpu::packed_taps(weight);
  const Conv1d conv{x, *packed, shape, bias ? bias.values() : nullptr, fused, out};
  if (packed->at_points.empty()) return each_tap(threads_, conv);
  const std::int64_t tile = cpu::minimal_tile(cpu::positions_of(conv.out_rows(), shape.dilation));
  const std::int64_t per_thread = cpu::minimal_scratch(minimal_sum(conv, 0), tile);
  const auto memory = scratch(threads_ * per_thread);
  by_points(threads_, conv, reinterpret_cast<float*>(memory.get()), per_thread);
}

}  // namespace nightingale

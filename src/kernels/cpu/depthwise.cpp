// depthwise_conv1d: out[r, c] = activation(Σ_t weight[c, t] · x[r + t·dilation − pad, c]) + add.
#include <algorithm>

#include "base/multiversion.hpp"
#include "kernels/cpu/finish.hpp"
#include "kernels/cpu/packed.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/substrate.hpp"

namespace nightingale {

namespace {

NIGHTINGALE_MULTIVERSION
void add_product(const float* __restrict x, const float* __restrict weight, float* __restrict out,
                 std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) out[i] += x[i] * weight[i];
}

}  // namespace

void Cpu::do_depthwise_conv1d(const Tensor& x, const Weight& weight, const Convolution& shape,
                              const Fused& fused, Tensor& out) {
  const auto packed = cpu::packed_depthwise(weight);
  const std::int64_t rows = x.shape().count(1), channels = x.shape().count(2), to_rows = out.shape().count(1);
  const std::int64_t taps = channels == 0 ? 0 : static_cast<std::int64_t>(packed->size()) / channels;
  const cpu::Finish finish{nullptr, fused.then, fused.add ? fused.add->data<float>() : nullptr, channels};
  cpu::share(threads_, x.shape().count(0) * to_rows, taps * channels,
             [&](std::int64_t first, std::int64_t last) {
               for (std::int64_t all = first; all < last; ++all) {
                 const std::int64_t item = all / to_rows, row = all % to_rows;
                 float* to = out.data<float>() + all * channels;
                 std::fill_n(to, channels, 0.0F);
                 for (std::int64_t tap = 0; tap < taps; ++tap) {
                   const std::int64_t source = row + tap * shape.dilation - shape.pad_left;
                   if (source < 0 || source >= rows) continue;
                   add_product(x.data<float>() + (item * rows + source) * channels,
                               packed->data() + tap * channels, to, channels);
                 }
                 cpu::finish(finish.at(all, 0), 1, channels, {to, channels});
               }
             });
}

}  // namespace nightingale

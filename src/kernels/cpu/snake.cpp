// Snake, HiFT's activation: x + sin²(alpha·x)/(alpha + 1e-9), alpha per channel (upstream:
// transformer/activation.py).
#include "kernels/cpu/functions.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/substrate.hpp"

namespace nightingale {

namespace {

constexpr float never_zero = 1e-9F;  // upstream's no_div_by_zero

NIGHTINGALE_MULTIVERSION
void snake_row(const float* __restrict x, const float* __restrict alpha, const float* __restrict inverse,
               float* __restrict out, std::int64_t channels) {
#pragma omp simd
  for (std::int64_t c = 0; c < channels; ++c) {
    const float wave = cpu::sine(x[c] * alpha[c]);
    out[c] = x[c] + inverse[c] * (wave * wave);
  }
}

}  // namespace

void Cpu::do_snake(const Tensor& x, const Weight& alpha, Tensor& out) {
  const std::int64_t channels = x.shape().count(x.shape().rank() - 1);
  const std::int64_t rows = channels == 0 ? 0 : x.shape().elements() / channels;
  std::vector<float> inverse(static_cast<std::size_t>(channels));
  for (std::int64_t c = 0; c < channels; ++c) inverse[c] = 1.0F / (alpha.values()[c] + never_zero);
  const float* from = x.data<float>();
  float* to = out.data<float>();
  cpu::share(threads_, rows, 4 * channels, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      snake_row(from + row * channels, alpha.values(), inverse.data(), to + row * channels, channels);
    }
  });
}

}  // namespace nightingale

// stft and istft as small matrix products: for HiFT's window of 16 the direct sum is as fast as any
// transform.
//
//   stft    re_k = Σ_n w_n x_n cos(2πkn/N),  im_k = −Σ_n w_n x_n sin(2πkn/N),  w_n = (1 − cos(2πn/N))/2
//   istft   x_n = w_n/N · (re_0 + (−1)^n re_{N/2} + 2 Σ_{0<k<N/2} (re_k cos(2πkn/N) − im_k sin(2πkn/N))),
//           overlapped frames added, divided by the sum of their w², half a window cut from both ends
#include <cmath>
#include <numbers>

#include "kernels/cpu/functions.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/substrate.hpp"

namespace nightingale {

namespace {

// cos(2π·index/period), exact in its argument.
double turn_of(std::int64_t index, std::int64_t period) {
  return std::cos(2 * std::numbers::pi * static_cast<double>(index % period) / static_cast<double>(period));
}

double window_at(std::int64_t n, std::int64_t window) {
  return 0.5 - 0.5 * turn_of(n, window);  // periodic Hann
}

// −sin(2π·index/period) as a cosine a quarter later.
double minus_sine_of(std::int64_t index, std::int64_t period) {
  return turn_of(4 * (index % period) + period, 4 * period);
}

// [sample of the window, bin]: real parts, then imaginary ones.
std::vector<float> forward_table(std::int64_t window) {
  const std::int64_t bins = window / 2 + 1;
  std::vector<float> table;
  for (std::int64_t n = 0; n < window; ++n) {
    for (std::int64_t k = 0; k < bins; ++k)
      table.push_back(float(window_at(n, window) * turn_of(k * n, window)));
    for (std::int64_t k = 0; k < bins; ++k) {
      table.push_back(float(window_at(n, window) * minus_sine_of(k * n, window)));
    }
  }
  return table;
}

// [bin: real parts, then imaginary ones; sample of the window]
std::vector<float> backward_table(std::int64_t window) {
  const std::int64_t bins = window / 2 + 1;
  std::vector<float> table;
  for (std::int64_t row = 0; row < 2 * bins; ++row) {
    const std::int64_t k = row % bins;
    const bool edge = k == 0 || k == window / 2;
    const double factor = (edge ? 1.0 : 2.0) / static_cast<double>(window);
    for (std::int64_t n = 0; n < window; ++n) {
      // An imaginary part at an edge belongs to no real signal: it is not used.
      const double wave = row < bins ? turn_of(k * n, window) : edge ? 0.0 : minus_sine_of(k * n, window);
      table.push_back(float(window_at(n, window) * factor * wave));
    }
  }
  return table;
}

// out[c] = Σ_r x[r] · table[r, c]
NIGHTINGALE_MULTIVERSION
void transform(const float* __restrict x, std::int64_t rows, const float* __restrict table,
               float* __restrict out, std::int64_t columns) {
  for (std::int64_t c = 0; c < columns; ++c) out[c] = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
#pragma omp simd
    for (std::int64_t c = 0; c < columns; ++c) out[c] += x[r] * table[r * columns + c];
  }
}

// Magnitude and phase to real and imaginary parts; the cosine is 1 − 2·sin² of half the angle.
NIGHTINGALE_MULTIVERSION
void to_parts(const float* __restrict magnitude, const float* __restrict phase, float* __restrict real,
              float* __restrict imaginary, std::int64_t bins) {
#pragma omp simd
  for (std::int64_t k = 0; k < bins; ++k) {
    const float half = cpu::sine(0.5F * phase[k]);
    real[k] = magnitude[k] * (1.0F - 2.0F * half * half);
    imaginary[k] = magnitude[k] * cpu::sine(phase[k]);
  }
}

// Reflected at both ends, without repeating the edge. Precondition: less than one length outside.
std::int64_t reflected(std::int64_t index, std::int64_t length) {
  if (index < 0) return -index;
  return index < length ? index : 2 * (length - 1) - index;
}

}  // namespace

void Cpu::do_stft(const Tensor& x, const Spectrum& spectrum, Tensor& out) {
  const std::int64_t samples = x.shape().count(1), frames = out.shape().count(1),
                     width = out.shape().count(2);
  const std::vector<float> table = forward_table(spectrum.window);
  const std::int64_t all = x.shape().count(0) * frames;
  cpu::share(threads_, all, spectrum.window * 2, [&](std::int64_t first, std::int64_t last) {
    std::vector<float> part(static_cast<std::size_t>(spectrum.window));
    for (std::int64_t frame = first; frame < last; ++frame) {
      const float* from = x.data<float>() + frame / frames * samples;
      const std::int64_t start = frame % frames * spectrum.hop - spectrum.window / 2;
      for (std::int64_t n = 0; n < spectrum.window; ++n) {
        part[static_cast<std::size_t>(n)] = from[reflected(start + n, samples)];
      }
      transform(part.data(), spectrum.window, table.data(), out.data<float>() + frame * width, width);
    }
  });
}

void Cpu::do_istft(const Tensor& magnitude, const Tensor& phase, const Spectrum& spectrum, Tensor& out) {
  const std::int64_t frames = magnitude.shape().count(1), bins = magnitude.shape().count(2);
  const std::int64_t samples = out.shape().count(1), window = spectrum.window,
                     all = magnitude.shape().count(0) * frames;
  const std::vector<float> table = backward_table(window);
  const auto memory = scratch(all * window);
  float* waves = reinterpret_cast<float*>(memory.get());  // each frame's own samples, windowed
  cpu::share(threads_, all, window * 4, [&](std::int64_t first, std::int64_t last) {
    std::vector<float> parts(static_cast<std::size_t>(2 * bins));
    for (std::int64_t frame = first; frame < last; ++frame) {
      to_parts(magnitude.data<float>() + frame * bins, phase.data<float>() + frame * bins, parts.data(),
               parts.data() + bins, bins);
      transform(parts.data(), 2 * bins, table.data(), waves + frame * window, window);
    }
  });
  std::vector<float> squares(static_cast<std::size_t>(window));
  for (std::int64_t n = 0; n < window; ++n) {
    squares[static_cast<std::size_t>(n)] = float(window_at(n, window) * window_at(n, window));
  }
  cpu::share(threads_, out.shape().elements(), window / spectrum.hop + 1,
             [&](std::int64_t first, std::int64_t last) {
               for (std::int64_t at = first; at < last; ++at) {
                 const std::int64_t batch = at / samples, place = at % samples + window / 2;
                 float sum = 0, weight = 0;
                 const std::int64_t latest = std::min(frames - 1, place / spectrum.hop);
                 for (std::int64_t frame = latest; frame >= 0 && place - frame * spectrum.hop < window;
                      --frame) {
                   const std::int64_t n = place - frame * spectrum.hop;
                   sum += waves[(batch * frames + frame) * window + n];
                   weight += squares[static_cast<std::size_t>(n)];
                 }
                 out.data<float>()[at] = weight > 0 ? sum / weight : sum;
               }
             });
}

}  // namespace nightingale

// Spectra and phases, as PyTorch defines them.
//   stft    X[c, k] = Σ_n w[n] · x[c·hop + n − window/2] · e^(−2πi·k·n/window), x reflected at both ends
//   istft   x[s] = Σ_c w[n] · y_c[n] / Σ_c w[n]², n = s + window/2 − c·hop, y_c the inverse transform of
//   column c phases  2π · (Σ_{t≤s} f0[t]·h/rate mod 1)
#include <cmath>
#include <numbers>

#include "kernels/reference/substrate.hpp"

namespace nightingale::reference {

namespace {

constexpr double turn = 2 * std::numbers::pi;

// The periodic Hann window: one period of (1 − cos)/2, its last zero left out.
std::vector<double> hann(std::int64_t window) {
  std::vector<double> out(static_cast<std::size_t>(window));
  for (std::size_t n = 0; n < out.size(); ++n) {
    out[n] = (1 - std::cos(turn * static_cast<double>(n) / static_cast<double>(window))) / 2;
  }
  return out;
}

double angle(std::int64_t k, std::int64_t n, std::int64_t window) {
  return turn * static_cast<double>(k * n % window) / static_cast<double>(window);
}

// The index that a sample beside an end is reflected to.
std::int64_t reflected(std::int64_t place, std::int64_t samples) {
  if (place < 0) return -place;
  return place < samples ? place : 2 * (samples - 1) - place;
}

// Sample n of the inverse transform of a column of half a spectrum; the other half is its mirror. The
// imaginary parts of the first and last bin do not exist for real samples and are ignored.
double inverse(const double* magnitude, const double* phase, std::int64_t n, std::int64_t window) {
  const std::int64_t last = window / 2;
  double sum =
      magnitude[0] * std::cos(phase[0]) + magnitude[last] * std::cos(phase[last]) * (n % 2 == 0 ? 1 : -1);
  for (std::int64_t k = 1; k < last; ++k) {
    sum += 2 * magnitude[k] * std::cos(phase[k] + angle(k, n, window));
  }
  return sum / static_cast<double>(window);
}

}  // namespace

void Reference::do_stft(const Tensor& x, const Spectrum& spectrum, Tensor& out) {
  const std::vector<double> window = hann(spectrum.window);
  const std::int64_t samples = x.shape().count(1);
  const std::int64_t columns = out.shape().count(1);
  const std::int64_t bins = spectrum.window / 2 + 1;
  double* to = out.data<double>();
  for (std::int64_t item = 0; item < x.shape().count(0); ++item) {
    const double* from = x.data<double>() + item * samples;
    for (std::int64_t column = 0; column < columns; ++column, to += 2 * bins) {
      for (std::int64_t k = 0; k < bins; ++k) {
        to[k] = to[bins + k] = 0;
        for (std::int64_t n = 0; n < spectrum.window; ++n) {
          const std::int64_t place = column * spectrum.hop + n - spectrum.window / 2;
          const double sample = window[static_cast<std::size_t>(n)] * from[reflected(place, samples)];
          to[k] += sample * std::cos(angle(k, n, spectrum.window));
          to[bins + k] -= sample * std::sin(angle(k, n, spectrum.window));
        }
      }
    }
  }
}

void Reference::do_istft(const Tensor& magnitude, const Tensor& phase, const Spectrum& spectrum,
                         Tensor& out) {
  const std::vector<double> window = hann(spectrum.window);
  const std::int64_t samples = out.shape().count(1);
  const std::int64_t columns = magnitude.shape().count(1);
  const std::int64_t bins = spectrum.window / 2 + 1;
  for (std::int64_t item = 0; item < out.shape().count(0); ++item) {
    std::vector<double> sum(static_cast<std::size_t>(samples));
    std::vector<double> weight(static_cast<std::size_t>(samples));
    for (std::int64_t column = 0; column < columns; ++column) {
      const std::int64_t first = (item * columns + column) * bins;
      for (std::int64_t n = 0; n < spectrum.window; ++n) {
        const std::int64_t sample = column * spectrum.hop + n - spectrum.window / 2;
        if (sample < 0 || sample >= samples) continue;
        const double shape = window[static_cast<std::size_t>(n)];
        sum[static_cast<std::size_t>(sample)] +=
            shape *
            inverse(magnitude.data<double>() + first, phase.data<double>() + first, n, spectrum.window);
        weight[static_cast<std::size_t>(sample)] += shape * shape;
      }
    }
    double* to = out.data<double>() + item * samples;
    for (std::size_t s = 0; s < sum.size(); ++s) to[s] = weight[s] > 0 ? sum[s] / weight[s] : 0;
  }
}

void Reference::do_phases(const Tensor& f0, std::int64_t harmonics, float sample_rate, Tensor& out) {
  const std::int64_t samples = f0.shape().count(1);
  for (std::int64_t item = 0; item < f0.shape().count(0); ++item) {
    const double* hertz = f0.data<double>() + item * samples;
    double* to = out.data<double>() + item * samples * harmonics;
    for (std::int64_t h = 1; h <= harmonics; ++h) {
      double sum = 0;
      for (std::int64_t s = 0; s < samples; ++s) {
        // Upstream computes these steps in float, and the phase of a long signal hangs on their rounding.
        sum += static_cast<float>(hertz[s]) * static_cast<float>(h) / sample_rate;
        const auto rounded = static_cast<float>(sum);
        to[s * harmonics + h - 1] = turn * (rounded - std::floor(rounded));
      }
    }
  }
}

}  // namespace nightingale::reference

#include "audio/spectrum.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "base/failure.hpp"

namespace nightingale {

namespace {

// The frames that fit into a mirrored recording; refuses one too short to be mirrored.
std::size_t frames_of(std::size_t samples, const Framing& framing) {
  if (samples <= framing.margin) {
    fail(ErrorCode::audio_invalid,
         fmt::format("a recording of {} samples at {} kHz is too short for a mel", samples,
                     framing.rate / 1000),
         fmt::format("give at least {} samples, better some seconds", framing.margin + 1));
  }
  const std::size_t mirrored = samples + 2 * framing.margin;
  return mirrored < framing.transform ? 0 : (mirrored - framing.transform) / framing.hop + 1;
}

}  // namespace

std::vector<double> periodic_hann(std::size_t length) {
  std::vector<double> window(length);
  for (std::size_t i = 0; i < length; ++i) {
    const double turn = static_cast<double>(i) / static_cast<double>(length);
    window[i] = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * turn);
  }
  return window;
}

Spectra::Spectra(std::span<const float> samples, const Framing& framing)
    : samples_(samples),
      framing_(framing),
      frames_(frames_of(samples.size(), framing)),
      fourier_(framing.transform),
      window_(periodic_hann(framing.transform)),
      windowed_(framing.transform),
      power_(fourier_.bins()),
      spectrum_(fourier_.bins()) {}

double Spectra::sample(std::ptrdiff_t place) const {
  const std::ptrdiff_t last = std::ssize(samples_) - 1;
  if (place < 0) place = -place;
  if (place > last) place = 2 * last - place;
  return samples_[static_cast<std::size_t>(place)];
}

std::span<const std::complex<double>> Spectra::spectrum(std::size_t frame) {
  const std::ptrdiff_t start =
      static_cast<std::ptrdiff_t>(frame * framing_.hop) - static_cast<std::ptrdiff_t>(framing_.margin);
  const std::ptrdiff_t length = std::ssize(windowed_);
  if (start >= 0 && start + length <= std::ssize(samples_)) {
    const float* samples = samples_.data() + start;
    for (std::size_t i = 0; i < windowed_.size(); ++i) windowed_[i] = samples[i] * window_[i];
  } else {
    for (std::size_t i = 0; i < windowed_.size(); ++i) {
      windowed_[i] = sample(start + static_cast<std::ptrdiff_t>(i)) * window_[i];
    }
  }
  fourier_.forward(windowed_, spectrum_);
  return spectrum_;
}

std::span<const double> Spectra::power(std::size_t frame) {
  spectrum(frame);
  for (std::size_t bin = 0; bin < power_.size(); ++bin) {
    const double re = spectrum_[bin].real(), im = spectrum_[bin].imag();
    power_[bin] = re * re + im * im;
  }
  return power_;
}

Bands::Bands(std::span<const float> filters, std::size_t bins) {
  for (std::size_t start = 0; start < filters.size(); start += bins) {
    const std::span<const float> filter = filters.subspan(start, bins);
    std::size_t first = 0, end = bins;
    while (first < end && filter[first] == 0) ++first;
    while (end > first && filter[end - 1] == 0) --end;
    const std::span<const float> kept = filter.subspan(first, end - first);
    bands_.push_back({first, {kept.begin(), kept.end()}});
  }
}

double Bands::sum(std::size_t band, std::span<const double> bins) const {
  const auto& [first, weights] = bands_[band];
  double sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i] * bins[first + i];
  return sum;
}

}  // namespace nightingale

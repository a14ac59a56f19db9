#include "audio/fbank.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "audio/spectrum.hpp"
#include "base/failure.hpp"

namespace nightingale {

namespace {

// torchaudio.compliance.kaldi.fbank's defaults
constexpr int rate = 16000;
constexpr std::size_t frame_samples = 400;  // 25 ms
constexpr std::size_t hop = 160;            // 10 ms
constexpr std::size_t transform = 512;
constexpr std::size_t bins = transform / 2 + 1;
constexpr double preemphasis = 0.97;
constexpr double window_power = 0.85;
constexpr double lowest = 20, highest = rate / 2.0;  // Hz
constexpr double power_floor = std::numeric_limits<float>::epsilon();

double mel_of(double hertz) {
  return 1127 * std::log(1 + hertz / 700);
}

// [band, bin]; the last bin belongs to no band.
std::vector<float> filters() {
  const double first = mel_of(lowest);
  const double width = (mel_of(highest) - first) / (fbank_bands + 1);
  std::vector<float> made(fbank_bands * bins);
  for (std::size_t band = 0; band < fbank_bands; ++band) {
    const double left = first + static_cast<double>(band) * width;
    for (std::size_t bin = 0; bin + 1 < bins; ++bin) {
      const double rising = (mel_of(static_cast<double>(bin) * rate / transform) - left) / width;
      made[band * bins + bin] = static_cast<float>(std::max(0.0, std::min(rising, 2 - rising)));
    }
  }
  return made;
}

// Kaldi's "Povey" window.
std::vector<double> window() {
  std::vector<double> made(frame_samples);
  for (std::size_t i = 0; i < frame_samples; ++i) {
    const double turn = static_cast<double>(i) / (frame_samples - 1);
    made[i] = std::pow(0.5 - 0.5 * std::cos(2 * std::numbers::pi * turn), window_power);
  }
  return made;
}

// Without its mean, pre-emphasised, windowed; what lies beyond in `out` stays.
void prepare(std::span<const float> frame, std::span<const double> window, std::span<double> out) {
  double mean = 0;
  for (const float sample : frame) mean += sample;
  mean /= static_cast<double>(frame.size());
  double previous = frame[0] - mean;
  for (std::size_t i = 0; i < frame.size(); ++i) {
    const double sample = frame[i] - mean;
    out[i] = (sample - preemphasis * previous) * window[i];
    previous = sample;
  }
}

}  // namespace

std::vector<float> kaldi_fbank(std::span<const float> samples16k) {
  if (samples16k.size() < frame_samples) {
    fail(ErrorCode::audio_invalid,
         fmt::format("a recording of {} samples at 16 kHz is too short for a filterbank", samples16k.size()),
         fmt::format("give at least {} samples, better some seconds", frame_samples));
  }
  const Fourier fourier(transform);
  const Bands bands(filters(), bins);
  const std::vector<double> shape = window();
  const std::size_t frames = (samples16k.size() - frame_samples) / hop + 1;
  std::vector<double> prepared(transform), power(bins);
  std::vector<std::complex<double>> spectrum(bins);
  std::vector<float> out;
  out.reserve(frames * fbank_bands);
  for (std::size_t frame = 0; frame < frames; ++frame) {
    prepare(samples16k.subspan(frame * hop, frame_samples), shape, prepared);
    fourier.forward(prepared, spectrum);
    for (std::size_t bin = 0; bin < bins; ++bin) power[bin] = std::norm(spectrum[bin]);
    for (std::size_t band = 0; band < fbank_bands; ++band) {
      out.push_back(static_cast<float>(std::log(std::max(bands.sum(band, power), power_floor))));
    }
  }
  return out;
}

void subtract_mean(std::span<float> rows, std::size_t bands) {
  std::vector<double> means(bands);
  for (std::size_t i = 0; i < rows.size(); ++i) means[i % bands] += rows[i];
  for (double& mean : means) mean /= static_cast<double>(rows.size() / bands);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] -= static_cast<float>(means[i % bands]);
}

}  // namespace nightingale

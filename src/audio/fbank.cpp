#include "audio/fbank.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

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
constexpr float preemphasis = 0.97F;
constexpr float window_power = 0.85F;
constexpr double lowest = 20, highest = rate / 2.0;  // Hz
constexpr double power_floor = std::numeric_limits<float>::epsilon();

// Upstream computes frames, window and filters in float32. A quiet band beside a loud one hears the rounding
// of each step, so these steps are done in float as well, in the same order; the transform and the sums are
// double.
// Elementary functions are double and rounded once: nearer to PyTorch's than those of the C library.
float rounded(double number) {
  return static_cast<float>(number);
}

double mel_of(double hertz) {
  return 1127 * std::log(1 + hertz / 700);
}

// The same at a bin's frequency, each step in float.
float mel_of_bin(std::size_t bin) {
  constexpr float bin_width = static_cast<float>(rate) / transform;
  return 1127.0F *
         rounded(std::log(static_cast<double>(1.0F + bin_width * static_cast<float>(bin) / 700.0F)));
}

// [band, bin]; the last bin belongs to no band.
std::vector<float> filters() {
  const float first = rounded(mel_of(lowest));
  const float width = rounded((mel_of(highest) - mel_of(lowest)) / (fbank_bands + 1));
  std::vector<float> made(fbank_bands * bins);
  for (std::size_t band = 0; band < fbank_bands; ++band) {
    const auto edge = [&](std::size_t steps) { return first + static_cast<float>(band + steps) * width; };
    const float left = edge(0), centre = edge(1), right = edge(2);
    for (std::size_t bin = 0; bin + 1 < bins; ++bin) {
      const float mel = mel_of_bin(bin);
      const float rising = (mel - left) / (centre - left), falling = (right - mel) / (right - centre);
      made[band * bins + bin] = std::max(0.0F, std::min(rising, falling));
    }
  }
  return made;
}

// Kaldi's "Povey" window.
std::vector<float> window() {
  constexpr auto turn = static_cast<float>(2 * std::numbers::pi / (frame_samples - 1));
  std::vector<float> made(frame_samples);
  for (std::size_t i = 0; i < frame_samples; ++i) {
    const float hann = rounded(std::cos(static_cast<double>(static_cast<float>(i) * turn))) * -0.5F + 0.5F;
    made[i] = rounded(std::pow(static_cast<double>(hann), static_cast<double>(window_power)));
  }
  return made;
}

// In the order in which PyTorch adds a row: eight lanes wide, in four sums. The last bits of the mean are
// heard in the lowest bands.
float mean_of(std::span<const float> frame) {
  constexpr std::size_t lanes = 8, sums = 4, step = lanes * sums;
  std::array<float, step> sum{};
  const std::size_t whole = frame.size() / step * step;
  for (std::size_t i = 0; i < whole; ++i) sum[i % step] += frame[i];
  for (std::size_t i = whole; i < frame.size(); ++i) sum[i % lanes] += frame[i];
  for (std::size_t i = lanes; i < step; ++i) sum[i % lanes] += sum[i];
  return std::accumulate(sum.begin(), sum.begin() + lanes, 0.0F) / static_cast<float>(frame.size());
}

// Without its mean, pre-emphasised, windowed; what lies beyond in `out` stays.
void prepare(std::span<const float> frame, std::span<const float> window, std::span<double> out) {
  const float mean = mean_of(frame);
  float previous = frame[0] - mean;
  for (std::size_t i = 0; i < frame.size(); ++i) {
    const float sample = frame[i] - mean;
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
  const std::vector<float> shape = window();
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

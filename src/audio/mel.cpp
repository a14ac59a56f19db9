#include "audio/mel.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "audio/fourier.hpp"
#include "base/failure.hpp"

namespace nightingale {

namespace {

// upstream s3gen/utils/mel.py mel_spectrogram
constexpr MelScale scale_24k{
    .sample_rate = 24000, .transform = 1920, .bands = 80, .lowest = 0, .highest = 8000};
constexpr std::size_t hop = 480;
constexpr std::size_t margin = (scale_24k.transform - hop) / 2;  // mirrored at both ends
constexpr double magnitude_floor = 1e-9;                         // under the root
constexpr double mel_floor = 1e-5;

// Slaney's scale: linear to 1000 Hz, from there 27 mels for a factor of 6.4 (Auditory Toolbox; librosa
// hz_to_mel).
constexpr double hertz_per_mel = 200.0 / 3;
constexpr double bend_hertz = 1000;
constexpr double bend_mel = bend_hertz / hertz_per_mel;
const double mel_growth = std::log(6.4) / 27;

double mel_of(double hertz) {
  if (hertz < bend_hertz) return hertz / hertz_per_mel;
  return bend_mel + std::log(hertz / bend_hertz) / mel_growth;
}

double hertz_of(double mel) {
  if (mel < bend_mel) return mel * hertz_per_mel;
  return bend_hertz * std::exp(mel_growth * (mel - bend_mel));
}

// The recording with its first and last samples mirrored; the outermost ones are not repeated.
std::vector<double> mirrored(std::span<const float> samples) {
  std::vector<double> out;
  out.reserve(samples.size() + 2 * margin);
  for (std::size_t i = margin; i > 0; --i) out.push_back(samples[i]);
  out.insert(out.end(), samples.begin(), samples.end());
  for (std::size_t i = 1; i <= margin; ++i) out.push_back(samples[samples.size() - 1 - i]);
  return out;
}

std::vector<double> periodic_hann(std::size_t length) {
  std::vector<double> window(length);
  for (std::size_t i = 0; i < length; ++i) {
    const double turn = static_cast<double>(i) / static_cast<double>(length);
    window[i] = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * turn);
  }
  return window;
}

}  // namespace

std::vector<float> mel_filters(const MelScale& scale) {
  const std::size_t bins = scale.transform / 2 + 1;
  std::vector<double> corner(scale.bands + 2);  // a band rises, peaks and ends at three neighbours of these
  const double first = mel_of(scale.lowest);
  const double last = mel_of(scale.highest);
  for (std::size_t i = 0; i < corner.size(); ++i) {
    corner[i] =
        hertz_of(first + (last - first) * static_cast<double>(i) / static_cast<double>(scale.bands + 1));
  }
  std::vector<float> filters(scale.bands * bins);
  for (std::size_t band = 0; band < scale.bands; ++band) {
    const double area = 2 / (corner[band + 2] - corner[band]);
    for (std::size_t bin = 0; bin < bins; ++bin) {
      const double hertz =
          static_cast<double>(bin) * scale.sample_rate / static_cast<double>(scale.transform);
      const double rising = (hertz - corner[band]) / (corner[band + 1] - corner[band]);
      const double falling = (corner[band + 2] - hertz) / (corner[band + 2] - corner[band + 1]);
      filters[band * bins + bin] = static_cast<float>(area * std::max(0.0, std::min(rising, falling)));
    }
  }
  return filters;
}

std::vector<float> mel_24k(std::span<const float> samples) {
  if (samples.size() <= margin) {
    fail(ErrorCode::audio_invalid,
         "a recording of " + std::to_string(samples.size()) + " samples at 24 kHz is too short for a mel",
         "give at least " + std::to_string(margin + 1) + " samples, better some seconds");
  }
  const Fourier fourier(scale_24k.transform);
  const std::vector<float> filters = mel_filters(scale_24k);
  const std::vector<double> window = periodic_hann(scale_24k.transform);
  const std::vector<double> padded = mirrored(samples);
  const std::size_t bins = fourier.bins();

  std::vector<float> mel;
  mel.reserve(samples.size() / hop * scale_24k.bands);
  std::vector<double> windowed(window.size());
  std::vector<double> magnitude(bins);
  for (std::size_t start = 0; start + window.size() <= padded.size(); start += hop) {
    for (std::size_t i = 0; i < window.size(); ++i) windowed[i] = padded[start + i] * window[i];
    const auto spectrum = fourier.forward(windowed);
    for (std::size_t bin = 0; bin < bins; ++bin) {
      magnitude[bin] = std::sqrt(std::norm(spectrum[bin]) + magnitude_floor);
    }
    for (std::size_t band = 0; band < scale_24k.bands; ++band) {
      double sum = 0;
      for (std::size_t bin = 0; bin < bins; ++bin) sum += filters[band * bins + bin] * magnitude[bin];
      mel.push_back(static_cast<float>(std::log(std::max(sum, mel_floor))));
    }
  }
  return mel;
}

}  // namespace nightingale

#include "audio/mel.hpp"

#include <algorithm>
#include <cmath>

#include "audio/spectrum.hpp"

namespace nightingale {

namespace {

// upstream s3gen/utils/mel.py mel_spectrogram
constexpr MelScale scale_24k{
    .sample_rate = 24000, .transform = 1920, .bands = 80, .lowest = 0, .highest = 8000};
constexpr std::size_t hop = 480;
constexpr Framing framing_24k{
    .rate = 24000, .transform = scale_24k.transform, .hop = hop, .margin = (scale_24k.transform - hop) / 2};
constexpr double magnitude_floor = 1e-9;  // under the root
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
  Spectra spectra(samples, framing_24k);
  const Bands bands(mel_filters(scale_24k), scale_24k.transform / 2 + 1);
  std::vector<double> magnitude(scale_24k.transform / 2 + 1);
  std::vector<float> mel;
  mel.reserve(spectra.frames() * bands.count());
  for (std::size_t frame = 0; frame < spectra.frames(); ++frame) {
    const std::span<const double> power = spectra.power(frame);
    std::transform(power.begin(), power.end(), magnitude.begin(),
                   [](double number) { return std::sqrt(number + magnitude_floor); });
    for (std::size_t band = 0; band < bands.count(); ++band) {
      mel.push_back(static_cast<float>(std::log(std::max(bands.sum(band, magnitude), mel_floor))));
    }
  }
  return mel;
}

}  // namespace nightingale

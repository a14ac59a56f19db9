#include "audio/speech_mel.hpp"

#include <algorithm>
#include <cmath>

#include "audio/mel.hpp"
#include "audio/spectrum.hpp"

namespace nightingale {

namespace {

// upstream s3tokenizer.py n_fft, S3_HOP; voice_encoder/config.py n_fft, hop_size, fmax
constexpr Framing framing{.rate = 16000, .transform = 400, .hop = 160, .margin = 200};
constexpr double highest = 8000;  // Hz

// upstream s3tokenizer.py log_mel_spectrogram
constexpr double band_floor = 1e-10;
constexpr float range = 8;  // powers of ten under the loudest

Bands bands(std::size_t count) {
  const MelScale scale{.sample_rate = framing.rate,
                       .transform = framing.transform,
                       .bands = count,
                       .lowest = 0,
                       .highest = highest};
  return {mel_filters(scale), framing.transform / 2 + 1};
}

}  // namespace

std::vector<float> tokenizer_mel(std::span<const float> samples16k) {
  Spectra spectra(samples16k, framing);
  const Bands filters = bands(tokenizer_bands);
  const std::size_t frames = spectra.frames() - 1;
  std::vector<float> mel;
  mel.reserve(frames * filters.count());
  for (std::size_t frame = 0; frame < frames; ++frame) {
    const std::span<const double> power = spectra.power(frame);
    for (std::size_t band = 0; band < filters.count(); ++band) {
      mel.push_back(static_cast<float>(std::log10(std::max(filters.sum(band, power), band_floor))));
    }
  }
  const float loudest = *std::max_element(mel.begin(), mel.end());
  for (float& number : mel) number = (std::max(number, loudest - range) + 4) / 4;
  return mel;
}

std::vector<float> voice_encoder_mel(std::span<const float> samples16k) {
  Spectra spectra(samples16k, framing);
  const Bands filters = bands(voice_encoder_bands);
  std::vector<float> mel;
  mel.reserve(spectra.frames() * filters.count());
  for (std::size_t frame = 0; frame < spectra.frames(); ++frame) {
    const std::span<const double> power = spectra.power(frame);
    for (std::size_t band = 0; band < filters.count(); ++band) {
      mel.push_back(static_cast<float>(filters.sum(band, power)));
    }
  }
  return mel;
}

}  // namespace nightingale

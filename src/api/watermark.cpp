// The watermark of the public API: samples and recordings in, marked samples and what was found out.
#include "synthesis/watermark.hpp"

#include <algorithm>
#include <cmath>

#include "api/guarded.hpp"
#include "api/open_model.hpp"
#include "audio/audio_file.hpp"
#include "models/perth/facts.hpp"
#include "nightingale/nightingale.hpp"

namespace nightingale {

namespace {

// A watermark and the substrate that it runs on.
struct WithSubstrate {
  std::unique_ptr<Ops> substrate;
  Watermark watermark;

  explicit WithSubstrate(const EngineOptions& options, const std::string& weights)
      : substrate(open_substrate(options)),
        watermark(weights, *substrate) {}
};

void check_sound(std::span<const float> samples, int rate) {
  constexpr int lowest = 8000, highest = 192000;  // Hz: of recordings that people have
  if (rate < lowest || rate > highest) {
    fail(ErrorCode::option_invalid, "rate = " + std::to_string(rate) + " is out of range",
         "give 8000 to 192000 samples a second");
  }
  const auto bad = std::ranges::find_if_not(samples, [](float sample) { return std::isfinite(sample); });
  if (bad == samples.end()) return;
  fail(ErrorCode::audio_invalid, "sample " + std::to_string(bad - samples.begin()) + " is no number");
}

Detection detected(const Watermark& watermark, std::span<const float> samples, int rate) {
  check_sound(samples, rate);
  if (samples.empty()) fail(ErrorCode::audio_invalid, "there is no sample to look for a watermark in");
  const double confidence = watermark.detect(samples, rate);
  return {confidence > perth::marked_above, confidence,
          static_cast<double>(samples.size()) / static_cast<double>(rate)};
}

std::vector<float> mono(const Recording& recording) {
  const auto channels = static_cast<std::size_t>(recording.channels);
  std::vector<float> out(recording.samples.size() / channels);
  for (std::size_t i = 0; i < out.size(); ++i) {
    double sum = 0;
    for (std::size_t channel = 0; channel < channels; ++channel)
      sum += recording.samples[i * channels + channel];
    out[i] = static_cast<float>(sum / static_cast<double>(channels));
  }
  return out;
}

}  // namespace

Result<Watermarker> Watermarker::open(const EngineOptions& options) {
  return guarded([&] {
    const auto both =
        std::make_shared<const WithSubstrate>(options, watermark_file(options.watermark_weights));
    return Watermarker({both, &both->watermark});
  });
}

Result<std::vector<float>> Watermarker::mark(const std::vector<float>& samples, int rate) const {
  return guarded([&] {
    check_sound(samples, rate);
    return watermark_->mark(samples, rate);
  });
}

Result<Detection> Watermarker::detect(const std::vector<float>& samples, int rate) const {
  return guarded([&] { return detected(*watermark_, samples, rate); });
}

Result<Detection> Watermarker::detect(const std::string& path) const {
  return guarded([&] {
    const Recording recording = read_audio(path);
    return detected(*watermark_, mono(recording), recording.rate);
  });
}

}  // namespace nightingale

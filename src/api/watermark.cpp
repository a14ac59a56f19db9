// The watermark of the public API: samples and recordings in, marked samples and what was found out.
#include "synthesis/watermark.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "api/guarded.hpp"
#include "api/open_model.hpp"
#include "audio/polyphase.hpp"
#include "audio/recording.hpp"
#include "models/perth/facts.hpp"
#include "nightingale/nightingale.hpp"

namespace nightingale {

namespace {

// A watermark and the substrate that it runs on.
struct WithSubstrate {
  std::unique_ptr<Ops> substrate;
  Watermark watermark;

  explicit WithSubstrate(const EngineOptions& options, const std::string& weights)
      : substrate(make_substrate(options)),
        watermark(weights, *substrate) {}
};

void check_sound(std::span<const float> samples, int rate) {
  if (rate < lowest_rate || rate > highest_rate) {
    fail(ErrorCode::option_invalid, fmt::format("rate = {} is out of range", rate),
         fmt::format("give {} to {} samples a second", lowest_rate, highest_rate));
  }
  const auto odd = std::ranges::find_if_not(samples, [](float sample) { return std::isfinite(sample); });
  if (odd == samples.end()) return;
  fail(ErrorCode::audio_invalid, fmt::format("sample {} is not a finite number", odd - samples.begin()));
}

Detection detected(double confidence, double seconds) {
  return {confidence > perth::marked_above, confidence, seconds};
}

Detection detected(const Watermark& watermark, RecordingReader& reader) {
  Polyphase resampler(reader.rate(), perth::sample_rate);
  std::vector<float> signal;
  const auto append = [&](const std::vector<float>& some) {
    signal.insert(signal.end(), some.begin(), some.end());
  };
  for (std::span<const float> block = reader.next(); !block.empty(); block = reader.next()) {
    append(resampler.push(block));
  }
  append(resampler.finish());
  return detected(watermark.detect(std::move(signal)), reader.seconds_read());
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
  return guarded([&] {
    check_sound(samples, rate);
    if (samples.empty()) fail(ErrorCode::audio_invalid, "there is no sample to look for a watermark in");
    return detected(watermark_->detect(samples, rate), static_cast<double>(samples.size()) / rate);
  });
}

Result<Detection> Watermarker::detect(const std::string& path) const {
  return guarded([&] {
    RecordingReader reader(path);
    return detected(*watermark_, reader);
  });
}

}  // namespace nightingale

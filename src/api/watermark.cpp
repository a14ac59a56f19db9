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

// A recording of less than two pieces is heard whole, as upstream hears it; of a longer one memory holds two
// pieces, and the surest of all counts.
class Pieces {
 public:
  explicit Pieces(const Watermark& watermark)
      : watermark_(watermark) {}

  void add(std::span<const float> signal) {
    signal_.insert(signal_.end(), signal.begin(), signal.end());
    while (signal_.size() >= 2 * piece) {
      const auto end = signal_.begin() + static_cast<std::ptrdiff_t>(piece);
      hear({signal_.begin(), end});
      signal_.erase(signal_.begin(), end);
    }
  }
  double confidence() {
    hear(std::move(signal_));
    return surest_;
  }

 private:
  static constexpr std::size_t piece = std::size_t{300} * perth::sample_rate;

  void hear(std::vector<float> signal) { surest_ = std::max(surest_, watermark_.detect(std::move(signal))); }

  const Watermark& watermark_;
  std::vector<float> signal_;
  double surest_ = 0;
};

Detection detected(const Watermark& watermark, RecordingReader& reader) {
  Polyphase resampler(reader.rate(), perth::sample_rate);
  Pieces pieces(watermark);
  for (std::span<const float> block = reader.next(); !block.empty(); block = reader.next()) {
    pieces.add(resampler.push(block));
  }
  pieces.add(resampler.finish());
  return detected(pieces.confidence(), reader.seconds_read());
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

#include "voice/source_tokens.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "audio/recording.hpp"
#include "audio/resample.hpp"
#include "audio/speech_mel.hpp"
#include "base/failure.hpp"
#include "models/speech_tokenizer/facts.hpp"

namespace nightingale {

namespace {

using speech_tokenizer::window_frames;

constexpr std::int64_t hop = 160;   // samples of a mel frame
constexpr std::int64_t margin = 2;  // frames on either side whose windows reach into a cut, 200 samples
constexpr std::int64_t fewest_samples = 1600;  // 0.1 s
constexpr float depth = 2;  // the mel's floor below its loudest, in its own units: 8 decades/4

// Samples at 16 kHz by their place in the recording, from a file that is read once.
class SourceSamples {
 public:
  explicit SourceSamples(const std::string& path)
      : reader_(path),
        resampler_(reader_.rate(), listening_rate) {}

  // Those of [first, last), or fewer at the end. `first` may not go back.
  std::span<const float> range(std::int64_t first, std::int64_t last) {
    while (!ended_ && end() < last) read();
    const std::int64_t dropped = std::clamp<std::int64_t>(first - start_, 0, kept());
    samples_.erase(samples_.begin(), samples_.begin() + dropped);
    start_ += dropped;
    return std::span<const float>(samples_).first(
        static_cast<std::size_t>(std::clamp<std::int64_t>(last - start_, 0, kept())));
  }
  bool has(std::int64_t last) {
    while (!ended_ && end() < last) read();
    return end() >= last;
  }
  std::int64_t end() const { return start_ + kept(); }
  const RecordingReader& reader() const { return reader_; }

 private:
  std::int64_t kept() const { return static_cast<std::int64_t>(samples_.size()); }
  void read() {
    const std::span<const float> block = reader_.next();
    const std::vector<float> more = block.empty() ? resampler_.finish() : resampler_.push(block);
    ended_ = block.empty();
    samples_.insert(samples_.end(), more.begin(), more.end());
  }

  RecordingReader reader_;
  Resampler resampler_;
  std::vector<float> samples_;
  std::int64_t start_ = 0;
  bool ended_ = false;
};

// The mel frames [first, first + count) as the whole recording's mel has them, before its floor.
std::vector<float> mel_part(SourceSamples& samples, std::int64_t first, std::int64_t count) {
  const std::int64_t before = std::min(first, margin);
  const auto part = samples.range((first - before) * hop, (first + count + margin) * hop);
  std::vector<float> mel = tokenizer_mel(part);
  const auto width = static_cast<std::int64_t>(tokenizer_bands);
  mel.erase(mel.begin(), mel.begin() + before * width);
  mel.resize(static_cast<std::size_t>(std::min(static_cast<std::int64_t>(mel.size()), count * width)));
  return mel;
}

struct Extent {
  std::int64_t frames = 0;
  float loudest = -std::numeric_limits<float>::infinity();  // of the mel
};

Extent extent_of(const std::string& path, const BakeProgress& progress) {
  SourceSamples samples(path);
  Extent extent;
  for (std::int64_t first = 0; samples.has((first + 1) * hop); first += window_frames) {
    for (const float number : mel_part(samples, first, window_frames)) {
      extent.loudest = std::max(extent.loudest, number);
    }
    if (progress) {
      progress("listening", samples.reader().frames_read(),
               std::max(samples.reader().frames_claimed(), samples.reader().frames_read()));
    }
  }
  extent.frames = samples.end() / hop;
  return extent;
}

SpeechTokens tokens_in_windows(Ops& op, const speech_tokenizer::SpeechTokenizer& network,
                               const std::string& path, const Extent& extent, const BakeProgress& progress) {
  SourceSamples samples(path);
  SpeechTokens found;
  for (const speech_tokenizer::Window& window : speech_tokenizer::windows_of(extent.frames)) {
    std::vector<float> mel = mel_part(samples, window.first_frame, window.frames);
    for (float& number : mel) number = std::max(number, extent.loudest - depth);
    append_tokens(op, network, mel, window, found);
    if (progress) progress("tokens", window.first_frame + window.frames, extent.frames);
  }
  return found;
}

}  // namespace

SpeechTokens source_tokens(Ops& op, const speech_tokenizer::SpeechTokenizer& network,
                           const std::string& recording, const BakeProgress& progress) {
  {
    SourceSamples samples(recording);
    if (!samples.has(fewest_samples)) {
      fail(ErrorCode::audio_invalid,
           fmt::format("{} is {:.3f} s long, too short to be heard by the networks", recording,
                       static_cast<double>(samples.end()) / listening_rate),
           "give at least 0.1 s");
    }
    constexpr std::int64_t longest = (window_frames + 1) * hop;  // what is a frame short of a second window
    if (!samples.has(longest)) return speech_tokens_of(op, network, samples.range(0, longest), 0, progress);
  }
  return tokens_in_windows(op, network, recording, extent_of(recording, progress), progress);
}

}  // namespace nightingale

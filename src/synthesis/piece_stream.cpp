#include "synthesis/piece_stream.hpp"

#include <algorithm>

#include "synthesis/stopwatch.hpp"

namespace nightingale {

namespace {

constexpr std::int64_t most_frames = 1000;  // that the vocoder takes at once

}  // namespace

PieceStream::PieceStream(const Renderer& render, std::uint64_t seed, double& mel_seconds,
                         double& sample_seconds, const StreamWindows& windows)
    : windows_(windows),
      random_(seed),
      mels_(render, random_),
      vocoder_(render.op, render.hift, random_, most_frames, 1),
      mel_seconds_(mel_seconds),
      sample_seconds_(sample_seconds),
      due_(windows.first),
      step_(windows.next) {}

std::vector<float> PieceStream::push(std::span<const std::int32_t> tokens, bool whole) {
  const auto count = static_cast<std::int64_t>(tokens.size());
  std::vector<float> mel;
  if (count > settled_) {
    const Stopwatch watch(mel_seconds_);
    const std::int64_t first = std::max<std::int64_t>(0, settled_ - windows_.context);
    const std::int64_t held = whole ? 0 : std::min(windows_.held, count - settled_);
    mel = mels_.push(tokens.subspan(static_cast<std::size_t>(first)), first, held);
    settled_ = count - held;
  }
  due_ = count + step_;
  step_ = std::min(2 * step_, windows_.longest);

  const Stopwatch watch(sample_seconds_);
  std::vector<float> samples = vocoder_.push(mel);
  if (whole) {
    const std::vector<float> rest = vocoder_.finish();
    samples.insert(samples.end(), rest.begin(), rest.end());
  }
  return samples;
}

}  // namespace nightingale

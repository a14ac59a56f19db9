// The sound of a piece of text while T3 still writes it.
//
// The flow goes over windows of the tokens (mel_stream.hpp): a short first one, so that something is heard
// soon, then longer ones. The vocoder follows without a seam (vocoder_stream.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "synthesis/mel_stream.hpp"
#include "synthesis/vocoder_stream.hpp"

namespace nightingale {

// In tokens, 25 a second.
struct StreamWindows {
  std::int64_t first = 30;    // of the first window
  std::int64_t next = 24;     // new ones of the second; each further one takes twice as many,
  std::int64_t longest = 96;  // up to this
  std::int64_t held = 6;  // at the end of a window, which the next one makes better: they lack what follows
  std::int64_t context = 50;  // seen again by the next window
};

class PieceStream {
 public:
  // The renderer must outlive it. Where time goes is added to `mel_seconds` and `sample_seconds`.
  PieceStream(const Renderer& render, std::uint64_t seed, double& mel_seconds, double& sample_seconds,
              const StreamWindows& windows = {});
  PieceStream(const PieceStream&) = delete;
  PieceStream& operator=(const PieceStream&) = delete;

  // Whether so many tokens are enough for the next window.
  bool due(std::int64_t tokens) const { return tokens >= due_; }

  // All tokens so far → the samples that have become sound. After `whole` none may follow.
  std::vector<float> push(std::span<const std::int32_t> tokens, bool whole);

 private:
  StreamWindows windows_;
  Random random_;
  MelStream mels_;
  VocoderStream vocoder_;
  double& mel_seconds_;
  double& sample_seconds_;
  std::int64_t settled_ = 0;  // tokens that have become mel
  std::int64_t due_, step_;
};

}  // namespace nightingale

// Recordings as baking wants them: told from voices, measured channel by channel, and cut to a clip at 24
// kHz.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "audio/recording.hpp"
#include "voice/doctor.hpp"
#include "voice/rates.hpp"

namespace nightingale {

// The most that is baked of a recording as it is. Upstream's voice encoder listens to all of it, and its
// memory grows with that.
inline constexpr double longest_clip_seconds = 600;

// Adds up the power of each channel and of their mean.
class ChannelMeter {
 public:
  explicit ChannelMeter(int channels)
      : channels_(static_cast<std::size_t>(channels)),
        powers_(channels_) {}
  // A block of frames, its channels interleaved and their mean.
  void add(std::span<const float> interleaved, std::span<const float> mono);
  ChannelPowers powers() const;

 private:
  std::size_t channels_, frames_ = 0;
  std::vector<double> powers_;
  double mean_ = 0;
};

// All of a recording, at most longest_clip_seconds, as upstream's librosa.load(path, sr=24000) has it.
std::vector<float> read_clip(const std::string& path);
// From one second of it to another. Memory does not grow with what comes before.
std::vector<float> read_clip(const std::string& path, double from, double to);

// Whether a file is a recording rather than a voice: libsndfile can open it, or it is no file of tensors and
// ends as recordings do.
bool looks_like_recording(const std::string& path);

}  // namespace nightingale

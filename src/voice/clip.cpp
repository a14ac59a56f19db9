#include "voice/clip.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include "audio/resample.hpp"
#include "base/failure.hpp"
#include "checkpoint/mapped_file.hpp"

namespace nightingale {

namespace {

constexpr std::array recording_endings{".wav",  ".flac", ".ogg", ".opus", ".mp3",
                                       ".aiff", ".aif",  ".m4a", ".au"};

bool ends_as_recordings_do(const std::string& path) {
  std::string ending = std::filesystem::path(path).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
  });
  return std::find(recording_endings.begin(), recording_endings.end(), ending) != recording_endings.end();
}

bool opens_as_recording(const std::string& path) {
  try {
    const RecordingReader reader(path);
    return true;
  } catch (const Failure&) {
    return false;
  }
}

}  // namespace

void ChannelMeter::add(std::span<const float> interleaved, std::span<const float> mono) {
  for (std::size_t i = 0; i < interleaved.size(); ++i) {
    powers_[i % channels_] += static_cast<double>(interleaved[i]) * interleaved[i];
  }
  for (const float sample : mono) mean_ += static_cast<double>(sample) * sample;
  frames_ += mono.size();
}

ChannelPowers ChannelMeter::powers() const {
  const auto frames = static_cast<double>(std::max<std::size_t>(1, frames_));
  return {static_cast<int>(channels_), *std::max_element(powers_.begin(), powers_.end()) / frames,
          mean_ / frames};
}

std::vector<float> read_clip(const std::string& path) {
  return read_mono(path, clip_rate, longest_clip_seconds);
}

std::vector<float> read_clip(const std::string& path, double from, double to) {
  RecordingReader reader(path);
  const auto first = static_cast<std::int64_t>(std::lround(from * reader.rate()));
  const auto last = static_cast<std::int64_t>(std::lround(to * reader.rate()));
  std::vector<float> stretch;
  while (reader.frames_read() < last) {
    const std::int64_t before = reader.frames_read();
    const std::span<const float> block = reader.next();
    if (block.empty()) break;
    const auto size = static_cast<std::int64_t>(block.size());
    const std::int64_t begin = std::clamp<std::int64_t>(first - before, 0, size);
    const std::int64_t end = std::clamp<std::int64_t>(last - before, begin, size);
    stretch.insert(stretch.end(), block.begin() + begin, block.begin() + end);
  }
  return resample_soxr(stretch, reader.rate(), clip_rate);
}

bool looks_like_recording(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  try {
    switch (kind_of(map_file(path).bytes)) {
      case FileKind::safetensors:
      case FileKind::npy:
      case FileKind::zip: return false;
      default: break;
    }
  } catch (const Failure&) {
    return ends_as_recordings_do(path);
  }
  return ends_as_recordings_do(path) || opens_as_recording(path);
}

}  // namespace nightingale

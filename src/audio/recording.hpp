// Recordings in: any file that libsndfile reads (WAV of any depth, FLAC, Ogg, Opus, MP3, AIFF, …), any number
// of channels, 8 to 192 kHz, in memory that does not grow with its length.
//
// Samples are what librosa.load at that rate gives: decoded to float32, channels averaged as NumPy averages
// them, resampled by soxr's "HQ" (audio/resample.hpp); to the bit where both use the same decoder.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace nightingale {

inline constexpr int lowest_rate = 8000;     // samples a second
inline constexpr int highest_rate = 192000;  // samples a second

// A file opened to be read once, block by block. Every refusal is Failure (audio_invalid).
class RecordingReader {
 public:
  // Refused: no such file, a folder, empty, text, whatever else libsndfile cannot read, a rate outside the
  // two above.
  explicit RecordingReader(const std::string& path);
  ~RecordingReader();
  RecordingReader(RecordingReader&&) noexcept;
  RecordingReader& operator=(RecordingReader&&) noexcept;

  const std::string& path() const { return path_; }
  int rate() const;                                          // samples a second
  int channels() const;                                      // in the file
  std::int64_t frames_claimed() const;                       // by its header; there may be fewer, or more
  std::int64_t frames_read() const { return frames_read_; }  // so far
  double seconds_read() const;                               // so far
  std::string format() const;                                // "WAV, 24 bit"; "Ogg, Vorbis"; "MP3"

  // The next mono samples in ±1, at the file's own rate, valid until the next call; none at its end. Refused:
  // a sample that is infinite or no number, and a file without any sample.
  std::span<const float> next();
  // That block before its channels were averaged: [sample, channel].
  std::span<const float> channels_of_block() const;

 private:
  struct Sound;

  std::string path_;
  std::unique_ptr<Sound> sound_;
  std::int64_t frames_read_ = 0;
  std::vector<float> interleaved_, mono_;
};

// A whole recording as mono samples at `rate`. Reads no more than its first `most_seconds`; what follows is
// not even decoded. Throws Failure (audio_invalid) as the reader does, and for more than four hours.
std::vector<float> read_mono(const std::string& path, int rate,
                             double most_seconds = std::numeric_limits<double>::infinity());

}  // namespace nightingale

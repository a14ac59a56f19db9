// Audio files out: mono samples as WAV, FLAC, Ogg Vorbis, Opus or MP3. Recordings come in through
// audio/recording.hpp.
//
// Encoding goes to memory and the finished bytes to the file in one piece, so that a file is there whole or
// not at all, and the same bytes can go to a pipe or a socket. The work is libsndfile's.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/replace_file.hpp"

namespace nightingale {

enum class AudioFormat {
  wav,        // 16 bits a sample
  wav_float,  // 32-bit floats, nothing clipped or rounded
  flac,       // 16 bits a sample, packed without loss
  ogg,        // Vorbis in Ogg: with loss, as the next two
  opus,       // Opus in Ogg
  mp3,
};

// "wav", "wav-float", "flac", "ogg", "opus", "mp3".
std::string_view name_of(AudioFormat format);

// The format of that name; throws option_invalid, naming those that can be written.
AudioFormat audio_format_named(std::string_view name);

// The format that the ending of the path stands for: .wav, .flac, .ogg, .opus or .mp3, in any case. Throws
// option_invalid.
AudioFormat audio_format_of(const std::string& path);

// A whole file in memory. Samples beyond ±1 are clipped in all formats but wav_float. Refused: a sample that
// is no number, and no sample at all.
std::vector<std::byte> encode_audio(std::span<const float> samples, int rate, AudioFormat format);

// Encodes and writes. Throws output_failed with one clear line.
void write_audio(const std::string& path, std::span<const float> samples, int rate, AudioFormat format);

// The same bit by bit, in memory that does not grow with the file. It appears when it is finished.
class AudioWriter {
 public:
  // Throws output_failed.
  AudioWriter(const std::string& path, int rate, AudioFormat format);
  ~AudioWriter();

  void write(std::span<const float> samples);
  // Refused: no sample at all.
  void finish();

 private:
  struct Sound;
  GrowingFile file_;
  std::unique_ptr<Sound> sound_;
  std::size_t written_ = 0;
};

}  // namespace nightingale

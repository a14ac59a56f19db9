#include "cli/wave_pipe.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

#include "nightingale/nightingale.hpp"

namespace nightingale::cli {

namespace {

void append(std::string& bytes, std::uint64_t number, int count) {
  constexpr int byte = 8;
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(number >> (byte * i));
}

// The 44 bytes of a canonical WAV file.
std::string header() {
  constexpr std::uint64_t unknown = 0xFFFFFFFF, format_bytes = 16, integers = 1, channels = 1, bits = 16;
  std::string bytes = "RIFF";
  append(bytes, unknown, 4);
  bytes += "WAVEfmt ";
  append(bytes, format_bytes, 4);
  append(bytes, integers, 2);
  append(bytes, channels, 2);
  append(bytes, sample_rate, 4);
  append(bytes, sample_rate * bits / 8, 4);
  append(bytes, bits / 8, 2);
  append(bytes, bits, 2);
  bytes += "data";
  append(bytes, unknown, 4);
  return bytes;
}

}  // namespace

bool WavePipe::write(std::span<const float> samples) {
  if (failure_ != 0) return false;
  std::string bytes = started_ ? "" : header();
  started_ = true;
  for (const float sample : samples) {
    constexpr float most = 32767;
    const auto number = static_cast<std::int16_t>(std::lround(std::clamp(sample, -1.0F, 1.0F) * most));
    append(bytes, static_cast<std::uint16_t>(number), 2);
  }
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size();
  if (!written || std::fflush(stdout) != 0) failure_ = errno;
  return failure_ == 0;
}

Result<Done> WavePipe::finish() const {
  if (failure_ == 0) return Done{};
  return Error{ErrorCode::output_failed,
               std::string("cannot write all of the audio to the output: ") + std::strerror(failure_),
               {},
               {}};
}

}  // namespace nightingale::cli

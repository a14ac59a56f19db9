#include "cli/wave_pipe.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "nightingale/nightingale.hpp"

namespace nightingale::cli {

namespace {

// A canonical WAV file: the sizes of the whole and of its samples, and where the samples begin.
constexpr std::ptrdiff_t size_at = 4, samples_size_at = 40, header_bytes = 44;

void make_endless(std::vector<std::byte>& file) {
  constexpr std::byte most{0xFF};
  std::fill_n(file.begin() + size_at, 4, most);
  std::fill_n(file.begin() + samples_size_at, 4, most);
}

}  // namespace

void WavePipe::write(std::span<const float> samples) {
  if (failure_ != 0) return;
  Audio audio;
  audio.samples.assign(samples.begin(), samples.end());
  std::vector<std::byte> file = encode_audio(audio, "wav").value();
  if (started_) {
    file.erase(file.begin(), file.begin() + header_bytes);
  } else {
    make_endless(file);
  }
  started_ = true;
  const bool written = std::fwrite(file.data(), 1, file.size(), stdout) == file.size();
  if (!written || std::fflush(stdout) != 0) failure_ = errno;
}

Result<Done> WavePipe::state() const {
  if (failure_ == 0) return Done{};
  return Error{ErrorCode::output_failed,
               std::string("cannot write all of the audio to the output: ") + std::strerror(failure_),
               {},
               {}};
}

}  // namespace nightingale::cli

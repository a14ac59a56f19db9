#include "cli/wave_pipe.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "cli/target.hpp"

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
  if (!state_.ok()) return;
  Audio audio;
  audio.samples.assign(samples.begin(), samples.end());
  std::vector<std::byte> file = encode_audio(audio, "wav").value();
  if (started_) {
    file.erase(file.begin(), file.begin() + header_bytes);
  } else {
    make_endless(file);
  }
  started_ = true;
  state_ = write_output(file);
}

}  // namespace nightingale::cli

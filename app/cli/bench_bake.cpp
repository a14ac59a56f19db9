#include "cli/bench_bake.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <numbers>
#include <utility>
#include <vector>

extern char** environ;

namespace nightingale::cli {

namespace {

namespace fs = std::filesystem;

constexpr int recording_rate = 44100, recording_seconds = 10;
constexpr double pitch = 130, syllables_a_second = 3, loudness = 0.1, noise = 0.003;
constexpr int harmonics = 19;

std::vector<std::int16_t> drawn_samples() {
  std::vector<std::int16_t> samples;
  std::uint32_t draw = 1;
  for (int index = 0; index < recording_rate * recording_seconds; ++index) {
    const double turn = 2 * std::numbers::pi * index / recording_rate;
    double tone = 0;
    for (int k = 1; k <= harmonics; ++k) tone += std::sin(pitch * k * turn) / k;
    draw = draw * 1664525U + 1013904223U;  // Numerical Recipes' linear congruence
    const double hiss = static_cast<double>(draw) / UINT32_MAX - 0.5;
    const double swell = std::max(std::sin(syllables_a_second * turn), 0.02);
    samples.push_back(static_cast<std::int16_t>(INT16_MAX * (loudness * swell * tone + noise * hiss)));
  }
  return samples;
}

// RIFF's header for mono samples of 16 bits.
std::string wav_header(std::uint32_t bytes) {
  std::string header = "RIFF";
  const auto put = [&header](std::uint32_t value, int length) {
    for (int byte = 0; byte < length; ++byte) header += static_cast<char>(value >> (8 * byte));
  };
  put(36 + bytes, 4);
  header += "WAVEfmt ";
  put(16, 4);  // bytes of the format
  put(1, 2);   // PCM
  put(1, 2);   // channel
  put(recording_rate, 4);
  put(2 * recording_rate, 4);
  put(2, 2);
  put(16, 2);
  header += "data";
  put(bytes, 4);
  return header;
}

}  // namespace

Result<DrawnRecording> DrawnRecording::write() {
  std::error_code error;
  std::string path = (fs::temp_directory_path(error) / "nightingale-bench-XXXXXX.wav").string();
  const int file = ::mkstemps(path.data(), 4);
  DrawnRecording drawn;
  if (file >= 0) drawn.path_ = path;
  const std::vector<std::int16_t> samples = drawn_samples();
  const auto bytes = static_cast<std::uint32_t>(samples.size() * sizeof(std::int16_t));
  std::string whole = wav_header(bytes);
  whole.append(reinterpret_cast<const char*>(samples.data()), bytes);
  const bool written =
      file >= 0 && ::write(file, whole.data(), whole.size()) == static_cast<ssize_t>(whole.size());
  if (file >= 0) ::close(file);
  if (!written) {
    return Error{ErrorCode::output_failed,
                 "cannot write a recording to bake to " + path + ": " + std::strerror(errno),
                 {},
                 "give one with --recording"};
  }
  return drawn;
}

DrawnRecording::DrawnRecording(DrawnRecording&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

DrawnRecording& DrawnRecording::operator=(DrawnRecording&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

DrawnRecording::~DrawnRecording() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<double> time_program(const std::string& model, const std::string& recording, int threads) {
  std::error_code error;
  const fs::path output =
      fs::temp_directory_path(error) / ("nightingale-bench-" + std::to_string(::getpid()) + ".voice");
  std::vector<std::string> words{fs::read_symlink("/proc/self/exe", error).string(),
                                 "voice",
                                 "bake",
                                 recording,
                                 "-o",
                                 output.string(),
                                 "--model",
                                 model,
                                 "--threads",
                                 std::to_string(threads),
                                 "--quiet"};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const auto start = std::chrono::steady_clock::now();
  pid_t process = -1;
  int status = -1;
  const bool ended =
      ::posix_spawn(&process, words[0].c_str(), nullptr, nullptr, arguments.data(), environ) == 0 &&
      ::waitpid(process, &status, 0) == process;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  fs::remove(output, error);
  if (!ended || status != 0) {
    return Error{ErrorCode::unsupported, "nightingale voice bake " + recording + " failed", {}, {}};
  }
  return seconds.count();
}

}  // namespace nightingale::cli

#include "audio/recording.hpp"

#include <fmt/format.h>
#include <sndfile.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "audio/resample.hpp"
#include "base/failure.hpp"

namespace nightingale {

struct RecordingReader::Sound {
  SNDFILE* file = nullptr;
  SF_INFO info = {};

  Sound() = default;
  Sound(const Sound&) = delete;
  Sound& operator=(const Sound&) = delete;
  ~Sound() { sf_close(file); }
};

namespace {

constexpr std::size_t block_numbers = 1 << 18;  // of all channels: 1 MiB
constexpr double longest_hours = 4;
constexpr const char* readable = "give a WAV, FLAC, Ogg, Opus or MP3 file";

// What can be told about a recording's file before libsndfile sees it.
void check_file(const std::string& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    fail(ErrorCode::audio_invalid, fmt::format("there is no file {}", path), "check the path");
  }
  if (std::filesystem::is_directory(status)) {
    fail(ErrorCode::audio_invalid, fmt::format("{} is a folder, not a recording", path), "name a file in it");
  }
  if (std::filesystem::is_regular_file(status) && std::filesystem::file_size(path, error) == 0) {
    fail(ErrorCode::audio_invalid, fmt::format("{} is empty", path), "record or copy it again");
  }
}

// Whether a file begins as text does: no control characters but spaces. No audio format does for long.
bool begins_as_text(const std::string& path) {
  std::array<char, 512> start = {};
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), start.size());
  const auto count = static_cast<std::ptrdiff_t>(file.gcount());
  return count > 0 && std::all_of(start.begin(), start.begin() + count, [](char letter) {
           const auto byte = static_cast<unsigned char>(letter);
           return (byte >= 0x20 && byte != 0x7f) || (byte >= '\t' && byte <= '\r');
         });
}

[[noreturn]] void fail_to_open(const std::string& path) {
  if (begins_as_text(path)) {
    fail(ErrorCode::audio_invalid, fmt::format("{} holds text, not sound", path), readable);
  }
  fail(ErrorCode::audio_invalid, fmt::format("{} cannot be read as audio: {}", path, sf_strerror(nullptr)),
       readable);
}

void check_rate(const std::string& path, int rate) {
  if (rate >= lowest_rate && rate <= highest_rate) return;
  fail(ErrorCode::audio_invalid,
       fmt::format("{} has {} samples a second; {} to {} can be used", path, rate, lowest_rate, highest_rate),
       "resample it, or record it again");
}

void check_length(const std::string& path, double seconds) {
  if (seconds <= longest_hours * 3600) return;
  fail(ErrorCode::audio_invalid, fmt::format("{} is longer than {} hours", path, longest_hours), "cut it");
}

// The mean of one frame's channels in float. Sums of eight and more are split as NumPy splits them, so that
// the last bit is librosa's too (numpy.mean; pairwise sums, up to 128 numbers).
float mean_of(const float* frame, std::size_t channels) {
  constexpr std::size_t lanes = 8;
  float sum = 0;
  std::size_t next = 0;
  if (channels >= lanes) {
    std::array<float, lanes> part;
    std::copy_n(frame, lanes, part.begin());
    for (next = lanes; next + lanes <= channels; next += lanes) {
      for (std::size_t lane = 0; lane < lanes; ++lane) part[lane] += frame[next + lane];
    }
    sum = ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
  }
  for (; next < channels; ++next) sum += frame[next];
  return sum / static_cast<float>(channels);
}

std::string_view name_of_container(int format) {
  switch (format & SF_FORMAT_TYPEMASK) {
    case SF_FORMAT_WAV:
    case SF_FORMAT_WAVEX:
    case SF_FORMAT_RF64: return "WAV";
    case SF_FORMAT_W64: return "Wave64";
    case SF_FORMAT_AIFF: return "AIFF";
    case SF_FORMAT_AU: return "AU";
    case SF_FORMAT_CAF: return "CAF";
    case SF_FORMAT_FLAC: return "FLAC";
    case SF_FORMAT_OGG: return "Ogg";
    case SF_FORMAT_MPEG: return "MP3";
    default: return "another format";
  }
}

std::string_view name_of_coding(int format) {
  switch (format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_S8:
    case SF_FORMAT_PCM_U8: return "8 bit";
    case SF_FORMAT_PCM_16: return "16 bit";
    case SF_FORMAT_PCM_24: return "24 bit";
    case SF_FORMAT_PCM_32: return "32 bit";
    case SF_FORMAT_FLOAT: return "32 bit float";
    case SF_FORMAT_DOUBLE: return "64 bit float";
    case SF_FORMAT_ULAW: return "µ-law";
    case SF_FORMAT_ALAW: return "A-law";
    case SF_FORMAT_VORBIS: return "Vorbis";
    case SF_FORMAT_OPUS: return "Opus";
    default: return {};
  }
}

}  // namespace

RecordingReader::RecordingReader(const std::string& path)
    : path_(path),
      sound_(std::make_unique<Sound>()) {
  check_file(path);
  sound_->file = sf_open(path.c_str(), SFM_READ, &sound_->info);
  if (sound_->file == nullptr) fail_to_open(path);
  check_rate(path, rate());
}

RecordingReader::~RecordingReader() = default;
RecordingReader::RecordingReader(RecordingReader&&) noexcept = default;
RecordingReader& RecordingReader::operator=(RecordingReader&&) noexcept = default;

int RecordingReader::rate() const {
  return sound_->info.samplerate;
}

int RecordingReader::channels() const {
  return sound_->info.channels;
}

std::int64_t RecordingReader::frames_claimed() const {
  return sound_->info.frames;
}

double RecordingReader::seconds_read() const {
  return static_cast<double>(frames_read_) / rate();
}

std::string RecordingReader::format() const {
  const std::string_view coding = name_of_coding(sound_->info.format);
  std::string text(name_of_container(sound_->info.format));
  return coding.empty() ? text : text + ", " + std::string(coding);
}

std::span<const float> RecordingReader::next() {
  const auto width = static_cast<std::size_t>(channels());
  interleaved_.resize(std::max<std::size_t>(1, block_numbers / width) * width);
  const sf_count_t most = static_cast<sf_count_t>(interleaved_.size() / width);
  const auto frames = static_cast<std::size_t>(
      std::max<sf_count_t>(0, sf_readf_float(sound_->file, interleaved_.data(), most)));
  if (frames == 0 && frames_read_ == 0) {
    fail(ErrorCode::audio_invalid, fmt::format("{} holds no sound", path_), "record it again");
  }
  mono_.resize(frames);
  for (std::size_t frame = 0; frame < frames; ++frame) {
    mono_[frame] = mean_of(interleaved_.data() + frame * width, width);
  }
  const auto odd =
      std::find_if_not(mono_.begin(), mono_.end(), [](float sample) { return std::isfinite(sample); });
  if (odd != mono_.end()) {
    const double place = static_cast<double>(frames_read_ + (odd - mono_.begin())) / rate();
    fail(ErrorCode::audio_invalid,
         fmt::format("{}: the sample at {:.3f} s is not a finite number", path_, place),
         "record or convert it again");
  }
  frames_read_ += static_cast<std::int64_t>(frames);
  return mono_;
}

std::span<const float> RecordingReader::channels_of_block() const {
  return std::span(interleaved_).first(mono_.size() * static_cast<std::size_t>(channels()));
}

std::vector<float> read_mono(const std::string& path, int rate, double most_seconds) {
  RecordingReader reader(path);
  Resampler resampler(reader.rate(), rate);
  const double wanted = std::floor(most_seconds * reader.rate());  // as librosa.load(duration=…) counts
  // Before much is decoded, should the header be right.
  if (std::isinf(most_seconds)) {
    check_length(path, static_cast<double>(reader.frames_claimed()) / reader.rate());
  }
  std::vector<float> samples;
  const auto append = [&](const std::vector<float>& some) {
    samples.insert(samples.end(), some.begin(), some.end());
  };
  while (static_cast<double>(reader.frames_read()) < wanted) {
    const double left = wanted - static_cast<double>(reader.frames_read());
    std::span<const float> block = reader.next();
    if (block.empty()) break;
    if (static_cast<double>(block.size()) > left) block = block.first(static_cast<std::size_t>(left));
    append(resampler.push(block));
    if (reader.seconds_read() > longest_hours * 3600 && std::isinf(most_seconds)) {
      fail(ErrorCode::audio_invalid, fmt::format("{} is longer than {} hours", path, longest_hours),
           "cut it");
    }
  }
  append(resampler.finish());
  return samples;
}

}  // namespace nightingale

// Recordings in: what is refused, and what comes out of whatever is not.
#include "audio/recording.hpp"

#include <doctest/doctest.h>
#include <sndfile.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "audio/audio_file.hpp"
#include "audio/resample.hpp"
#include "audio/sounds.hpp"
#include "checkpoint/files.hpp"

using namespace nightingale;
using namespace nightingale::test;

namespace {

constexpr int rate = 24000;

// Writes samples [frame, channel] as libsndfile's `format`.
std::string write(const std::string& path, const std::vector<float>& samples, int at_rate, int channels,
                  int format) {
  SF_INFO info = {};
  info.samplerate = at_rate;
  info.channels = channels;
  info.format = format;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  REQUIRE_MESSAGE(file != nullptr, sf_strerror(nullptr));
  const sf_count_t frames = std::ssize(samples) / channels;
  CHECK(sf_writef_float(file, samples.data(), frames) == frames);
  sf_close(file);
  return path;
}

// A WAV file of 16 bits whose samples are a hole in the file: silence that takes no space.
std::string silent_wav(const std::string& path, double seconds, std::uint32_t at_rate) {
  const auto bytes = static_cast<std::uint32_t>(seconds * at_rate) * 2;
  std::ofstream(path, std::ios::binary)
      << "RIFF" << bytes_of(bytes + 36) << "WAVEfmt " << bytes_of<std::uint32_t>(16)
      << bytes_of<std::uint16_t>(1) << bytes_of<std::uint16_t>(1) << bytes_of(at_rate)
      << bytes_of(at_rate * 2) << bytes_of<std::uint16_t>(2) << bytes_of<std::uint16_t>(16) << "data"
      << bytes_of(bytes);
  std::filesystem::resize_file(path, 44 + static_cast<std::uintmax_t>(bytes));
  return path;
}

double largest_difference(const std::vector<float>& left, const std::vector<float>& right) {
  REQUIRE(left.size() == right.size());
  double largest = 0;
  for (std::size_t i = 0; i < left.size(); ++i)
    largest = std::max<double>(largest, std::abs(left[i] - right[i]));
  return largest;
}

std::string refusal(const TemporaryFolder& folder, const std::string& path) {
  CHECK(error_of([&] { read_mono(path, rate); }).code == ErrorCode::audio_invalid);
  return refusal_of(folder, [&] { read_mono(path, rate); });
}

long peak_kilobytes() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

}  // namespace

TEST_CASE("recordings_of_every_depth_are_read") {
  const TemporaryFolder folder;
  const std::vector<float> samples = tone(5000);
  struct Kind {
    int format;
    double step;  // of one bit
    std::string text;
  };
  for (const Kind& kind : {Kind{SF_FORMAT_WAV | SF_FORMAT_PCM_U8, 1. / 128, "WAV, 8 bit"},
                           {SF_FORMAT_WAV | SF_FORMAT_PCM_16, 1. / 32768, "WAV, 16 bit"},
                           {SF_FORMAT_WAV | SF_FORMAT_PCM_24, 1. / 8388608, "WAV, 24 bit"},
                           {SF_FORMAT_WAV | SF_FORMAT_PCM_32, 1e-9, "WAV, 32 bit"},
                           {SF_FORMAT_WAV | SF_FORMAT_FLOAT, 0, "WAV, 32 bit float"},
                           {SF_FORMAT_WAV | SF_FORMAT_DOUBLE, 0, "WAV, 64 bit float"},
                           {SF_FORMAT_WAVEX | SF_FORMAT_PCM_24, 1. / 8388608, "WAV, 24 bit"},
                           {SF_FORMAT_RF64 | SF_FORMAT_PCM_16, 1. / 32768, "WAV, 16 bit"},
                           {SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 1. / 32768, "AIFF, 16 bit"},
                           {SF_FORMAT_CAF | SF_FORMAT_PCM_16, 1. / 32768, "CAF, 16 bit"},
                           {SF_FORMAT_WAV | SF_FORMAT_ULAW, 0.02, "WAV, µ-law"},
                           {SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 1. / 32768, "FLAC, 16 bit"},
                           {SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 1. / 8388608, "FLAC, 24 bit"},
                           {SF_FORMAT_OGG | SF_FORMAT_VORBIS, 0.05, "Ogg, Vorbis"},
                           {SF_FORMAT_OGG | SF_FORMAT_OPUS, 0.05, "Ogg, Opus"},
                           {SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 0.05, "MP3"}}) {
    CAPTURE(kind.text);
    const std::string path = write(folder / "recording", samples, rate, 1, kind.format);
    RecordingReader reader(path);
    CHECK(reader.rate() == rate);
    CHECK(reader.channels() == 1);
    CHECK(reader.format() == kind.text);
    CHECK(reader.frames_claimed() == std::ssize(samples));
    const std::vector<float> read = read_mono(path, rate);
    REQUIRE(read.size() == samples.size());
    // Codecs of speech and music need a moment at both ends.
    const std::size_t skipped = kind.step == 0.05 ? 500 : 0;
    const auto inner = [&](const std::vector<float>& all) {
      return std::vector<float>(all.begin() + skipped, all.end() - skipped);
    };
    CHECK(largest_difference(inner(read), inner(samples)) <= kind.step);
  }
}

TEST_CASE("channels_are_averaged_as_librosa_does") {
  const TemporaryFolder folder;
  const nlohmann::json content = audio_goldens();
  REQUIRE(content.at("averaged").size() >= 7);
  for (const auto& expected : content.at("averaged")) {
    const int channels = expected.at("channels");
    CAPTURE(channels);
    std::vector<float> frames;
    for (int n = 0; n < 9 * channels; ++n) {
      frames.push_back(static_cast<float>((40503LL * n % 65536 - 32768) / 3.0 / 32768));
    }
    const std::string path = write(folder / "a.wav", frames, rate, channels, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
    CHECK(RecordingReader(path).channels() == channels);
    CHECK(read_mono(path, rate) == expected.at("mono").get<std::vector<float>>());
  }
}

TEST_CASE("recordings_of_every_rate_become_the_rate_that_is_wanted") {
  const TemporaryFolder folder;
  for (const int from : {8000, 11025, 16000, 22050, 24000, 37800, 44100, 48000, 96000, 192000}) {
    CAPTURE(from);
    const std::vector<float> samples = tone(9001);
    const std::string path = write(folder / "a.wav", samples, from, 1, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
    CHECK(read_mono(path, rate) == resample_soxr(samples, from, rate));
    CHECK(read_mono(path, 16000) == resample_soxr(samples, from, 16000));
  }
  for (const int from : {7999, 192001, 1}) {
    CAPTURE(from);
    write(folder / "a.wav", tone(100), from, 1, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
    CHECK(refusal(folder, folder / "a.wav") ==
          "a.wav has " + std::to_string(from) + " samples a second; 8000 to 192000 can be used");
  }
}

TEST_CASE("a_recording_is_read_no_further_than_is_wanted") {
  const TemporaryFolder folder;
  std::vector<float> samples = tone(48'000);
  samples[44'100] = std::numeric_limits<float>::quiet_NaN();
  const std::string path = write(folder / "a.wav", samples, 44100, 1, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
  CHECK(error_of([&] {
          read_mono(path, rate);
        }).sentence.ends_with("the sample at 1.000 s is not a finite number"));
  samples.resize(22'050);
  write(folder / "a.wav", samples, 44100, 1, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
  CHECK(read_mono(path, rate, 0.1) == resample_soxr(std::span(samples).first(4410), 44100, rate));
  CHECK(read_mono(path, rate, 100) == resample_soxr(samples, 44100, rate));
  CHECK(read_mono(path, rate, 0).empty());
}

TEST_CASE("192_khz_of_8_channels_in_32_bits_are_read") {
  const TemporaryFolder folder;
  std::vector<float> frames;
  for (const float sample : tone(192'000)) frames.insert(frames.end(), 8, sample);
  const std::string path = write(folder / "a.wav", frames, 192000, 8, SF_FORMAT_WAV | SF_FORMAT_PCM_32);
  const std::vector<float> samples = read_mono(path, rate);
  CHECK(samples.size() == rate);
  CHECK(largest_difference(samples, resample_soxr(tone(192'000), 192000, rate)) < 1e-6);
}

TEST_CASE("samples_that_are_not_finite_are_refused_by_their_place") {
  const TemporaryFolder folder;
  for (const float odd : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    std::vector<float> samples(600'000);
    samples[2 * 270'000 + 1] = odd;  // beyond the first block, in the second channel
    write(folder / "a.wav", samples, rate, 2, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
    CHECK(refusal(folder, folder / "a.wav") == "a.wav: the sample at 11.250 s is not a finite number");
  }
}

TEST_CASE("short_silent_and_loudest_recordings_are_read") {
  const TemporaryFolder folder;
  std::vector<float> square(rate);
  for (std::size_t i = 0; i < square.size(); ++i) square[i] = i / 50 % 2 == 0 ? 1.f : -1.f;
  for (const std::vector<float>& samples : {tone(2400), tone(1), std::vector<float>(rate, 0.f), square}) {
    const std::string path = write(folder / "a.wav", samples, rate, 1, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
    CHECK(read_mono(path, rate) == samples);
  }
}

TEST_CASE("recordings_that_cannot_be_read_are_refused_by_name") {
  const TemporaryFolder folder;
  CHECK(refusal(folder, folder / "absent.wav") == "there is no file absent.wav");
  CHECK(refusal(folder, folder.path()) == folder.path() + " is a folder, not a recording");
  CHECK(refusal(folder, folder.write("empty.wav", "")) == "empty.wav is empty");
  CHECK(refusal(folder, folder.write("text.wav", "This is no sound.\n")) == "text.wav holds text, not sound");
  CHECK(refusal(folder, folder.write("page.mp3", "<!DOCTYPE html>\n<html>nothing näher</html>")) ==
        "page.mp3 holds text, not sound");
  std::string noise;
  for (int i = 0; i < 5000; ++i) noise += static_cast<char>(i * 40503 >> 4);
  CHECK(refusal(folder, folder.write("noise.wav", noise)).starts_with("noise.wav cannot be read as audio: "));
  // A header whose samples were cut off.
  write_audio(folder / "a.wav", tone(100), rate, AudioFormat::wav);
  CHECK(refusal(folder, folder.write("cut.wav", content_of(folder / "a.wav").substr(0, 44))) ==
        "cut.wav holds no sound");
}

TEST_CASE("recordings_cut_anywhere_give_what_is_there_or_are_refused") {
  const TemporaryFolder folder;
  const std::vector<float> samples = tone(24'000);
  for (const int format :
       {SF_FORMAT_WAV | SF_FORMAT_PCM_24, SF_FORMAT_FLAC | SF_FORMAT_PCM_16, SF_FORMAT_OGG | SF_FORMAT_VORBIS,
        SF_FORMAT_OGG | SF_FORMAT_OPUS, SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III}) {
    const std::string bytes = content_of(write(folder / "a", samples, rate, 1, format));
    for (std::size_t length = 0; length < bytes.size(); length += 1 + length / 2) {
      CAPTURE(format);
      CAPTURE(length);
      const std::string path = folder.write("cut", bytes.substr(0, length));
      std::size_t count = 0;
      ErrorCode code = ErrorCode::audio_invalid;
      try {
        count = read_mono(path, rate).size();
      } catch (const Failure& failure) {
        code = failure.error().code;
      }
      CHECK(count <= samples.size());
      CHECK(code == ErrorCode::audio_invalid);
    }
  }
}

TEST_CASE("a_recording_whose_header_claims_more_than_there_is_gives_what_there_is") {
  const TemporaryFolder folder;
  const std::vector<float> samples = tone(1000);
  write_audio(folder / "a.wav", samples, rate, AudioFormat::wav);
  std::string bytes = content_of(folder / "a.wav");
  const std::uint32_t claimed = 0x7ffffff0;
  std::memcpy(bytes.data() + 40, &claimed, sizeof claimed);
  CHECK(read_mono(folder.write("b.wav", bytes), rate).size() == samples.size());
}

TEST_CASE("three_hours_are_read_in_memory_that_does_not_grow") {
  const TemporaryFolder folder;
  const std::string path = silent_wav(folder / "long.wav", 3 * 3600, 8000);
  CHECK(read_mono(path, rate, 10).size() == 10 * rate);
  [[maybe_unused]] const long before = peak_kilobytes();
  RecordingReader reader(path);
  Resampler resampler(reader.rate(), 16000);
  std::int64_t pushed = 0, count = 0;
  for (std::span<const float> block = reader.next(); !block.empty(); block = reader.next()) {
    if (reader.seconds_read() > 1000) continue;  // to save time
    pushed += std::ssize(block);
    count += std::ssize(resampler.push(block));
  }
  count += std::ssize(resampler.finish());
  CHECK(reader.seconds_read() == 3 * 3600);
  CHECK(count == 2 * pushed);
#ifndef NIGHTINGALE_SANITIZED  // a sanitizer keeps freed memory
  CHECK(peak_kilobytes() - before < 32 * 1024);
#endif
}

TEST_CASE("more_than_four_hours_are_refused_unless_a_part_is_wanted") {
  const TemporaryFolder folder;
  const std::string path = silent_wav(folder / "long.wav", 4 * 3600 + 1, 8000);
  CHECK(read_mono(path, 8000, 1).size() == 8000);
  CHECK(refusal(folder, path) == "long.wav is longer than 4 hours");
}

// The real chain, where it is at hand: the file as upstream loaded it.
TEST_CASE("a_real_recording_becomes_upstreams_signals") {
  const std::string folder = shared_path("reference/tiny-joe");
  if (folder.empty()) return;
  const auto numbers_in = [&](const std::string& name) {
    const std::string bytes = content_of(folder + "/voice/" + name);
    std::uint16_t header = 0;
    std::memcpy(&header, bytes.data() + 8, sizeof header);
    std::vector<float> numbers((bytes.size() - 10 - header) / sizeof(float));
    std::memcpy(numbers.data(), bytes.data() + 10 + header, numbers.size() * sizeof(float));
    return numbers;
  };
  const std::vector<float> samples = read_mono(folder + "/joe.wav", rate);
  CHECK(relative_distance(samples, numbers_in("audio_24k.npy")) <= 2e-6);
  CHECK(relative_distance(resample_soxr(samples, rate, 16000), numbers_in("audio_16k.npy")) <= 2e-6);
}

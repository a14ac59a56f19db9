// Audio files out and in.
#include "audio/audio_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <limits>

#include "audio/recording.hpp"
#include "audio/sounds.hpp"
#include "checkpoint/files.hpp"

using namespace nightingale;
using namespace nightingale::test;

namespace {

constexpr int rate = 24000;

float largest_difference(const std::vector<float>& left, const std::vector<float>& right) {
  REQUIRE(left.size() == right.size());
  float largest = 0;
  for (std::size_t i = 0; i < left.size(); ++i) largest = std::max(largest, std::abs(left[i] - right[i]));
  return largest;
}

template <typename Call>
std::string sentence_of(Call&& call) {
  return error_of(call).sentence;
}

}  // namespace

TEST_CASE("audio_survives_writing_and_reading") {
  const TemporaryFolder folder;
  const std::vector<float> samples = tone(10'000);
  // 16 bits round by half a step, and reading divides by 32768 where writing multiplied by 32767.
  const float step = 1.f / 32767;
  for (const auto& [name, tolerance] :
       {std::pair<const char*, float>{"wav", step}, {"flac", step}, {"wav-float", 0.f}}) {
    CAPTURE(name);
    write_audio(folder / name, samples, rate, audio_format_named(name));
    CHECK(RecordingReader(folder / name).rate() == rate);
    CHECK(largest_difference(read_mono(folder / name, rate), samples) <= tolerance);
  }
  CHECK(content_of(folder / "wav").substr(0, 4) == "RIFF");
  CHECK(content_of(folder / "flac").substr(0, 4) == "fLaC");
  CHECK(std::filesystem::file_size(folder / "wav") == 44 + 2 * samples.size());
  CHECK(std::filesystem::file_size(folder / "flac") < std::filesystem::file_size(folder / "wav"));
}

TEST_CASE("audio_survives_formats_with_loss_but_for_a_little") {
  const TemporaryFolder folder;
  std::vector<float> samples = tone(50'000);
  samples[40'000] = 7;  // clipped
  for (const auto& [name, text] :
       {std::pair<const char*, const char*>{"ogg", "Ogg, Vorbis"}, {"opus", "Ogg, Opus"}, {"mp3", "MP3"}}) {
    CAPTURE(name);
    write_audio(folder / name, samples, rate, audio_format_named(name));
    CHECK(RecordingReader(folder / name).format() == text);
    std::vector<float> read = read_mono(folder / name, rate);
    REQUIRE(read.size() == samples.size());
    // Each needs a moment at the beginning.
    read.erase(read.begin(), read.begin() + 1000);
    read.resize(30'000);
    const std::vector<float> expected(samples.begin() + 1000, samples.begin() + 31'000);
    CHECK(relative_distance(read, expected) < 0.05);
    CHECK(std::filesystem::file_size(folder / name) < 50'000);
  }
}

TEST_CASE("audio_of_16_bits_is_rounded_and_clipped") {
  const std::vector<float> samples = {
      0.f, 1.f, -1.f, 1.5f, -7.f, std::numeric_limits<float>::infinity(), 0.6f / 32767};
  const std::vector<std::byte> bytes = encode_audio(samples, rate, AudioFormat::wav);
  std::vector<std::int16_t> stored(samples.size());
  REQUIRE(bytes.size() == 44 + 2 * samples.size());
  std::memcpy(stored.data(), bytes.data() + 44, 2 * samples.size());
  CHECK(stored == std::vector<std::int16_t>{0, 32767, -32767, 32767, -32767, 32767, 1});
}

TEST_CASE("audio_with_a_sample_that_is_no_number_is_refused") {
  const std::vector<float> samples = {0.f, std::numeric_limits<float>::quiet_NaN()};
  CHECK(sentence_of([&] { encode_audio(samples, rate, AudioFormat::wav); }) == "sample 1 of 2 is no number");
}

TEST_CASE("audio_without_samples_is_refused") {
  CHECK(sentence_of([] { encode_audio({}, rate, AudioFormat::wav); }) == "there are no samples to write");
  CHECK(sentence_of([] { encode_audio({}, rate, AudioFormat::flac); }) == "there are no samples to write");
}

TEST_CASE("audio_format_is_told_by_name_or_ending") {
  CHECK(audio_format_of("a/b.wav") == AudioFormat::wav);
  CHECK(audio_format_of("b.FLAC") == AudioFormat::flac);
  CHECK(name_of(audio_format_named("wav-float")) == "wav-float");
  CHECK(audio_format_of("b.ogg") == AudioFormat::ogg);
  CHECK(audio_format_of("b.opus") == AudioFormat::opus);
  CHECK(audio_format_of("b.Mp3") == AudioFormat::mp3);
  CHECK(sentence_of([] { audio_format_named("aac"); }) == "the audio format \"aac\" cannot be written");
  CHECK(error_of([] { audio_format_named("aac"); }).fix == "choose wav, wav-float, flac, ogg, opus or mp3");
  CHECK(sentence_of([] { audio_format_of("b.m4a"); }) == "b.m4a: the audio format \"m4a\" cannot be written");
  CHECK(sentence_of([] { audio_format_of("b"); }) == "b has no ending that tells the audio format");
  CHECK(error_of([] { audio_format_of("b"); }).fix ==
        "name the file .wav, .flac, .ogg, .opus or .mp3, or name the format");
  CHECK(error_of([] { audio_format_of("b"); }).code == ErrorCode::option_invalid);
}

TEST_CASE("audio_that_cannot_be_written_is_one_clear_line") {
  const TemporaryFolder folder;
  const std::vector<float> samples = tone(100);
  const auto refused = [&](const std::string& path) {
    return refusal_of(folder, [&] { write_audio(path, samples, rate, AudioFormat::wav); });
  };
  CHECK(refused(folder / "no/a.wav") == "cannot write no/a.wav: there is no folder no");
  CHECK(refused(folder.path()) == "cannot write " + folder.path() + ": it is a folder");
  CHECK(refused("/dev/full") == "cannot write /dev/full: No space left on device");
  CHECK(sentence_of([&] {
          encode_audio(samples, 0, AudioFormat::flac);
        }).starts_with("cannot encode flac at 0 samples a second: "));
  if (::geteuid() == 0) {
    MESSAGE("skipped: root may write to any folder");
    return;
  }
  std::filesystem::permissions(folder.path(),
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  CHECK(refused(folder / "a.wav") == "cannot write a.wav: Permission denied");
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_all);
}

TEST_CASE("audio_that_cannot_be_written_leaves_what_was_there") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.wav", "before");
  const std::vector<float> broken = {std::numeric_limits<float>::quiet_NaN()};
  CHECK_THROWS_AS(write_audio(path, broken, rate, AudioFormat::wav), Failure);
  CHECK(content_of(path) == "before");
}

TEST_CASE("audio_goes_into_pipes_too") {
  const TemporaryFolder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  const std::vector<float> samples = tone(100);
  // Opened for both, so that neither end waits for the other; a pipe holds 64 kB.
  const int pipe = ::open((folder / "pipe").c_str(), O_RDWR);
  REQUIRE(pipe >= 0);
  write_audio("/dev/fd/" + std::to_string(pipe), samples, rate, AudioFormat::wav);
  std::vector<char> received(1000);
  CHECK(::read(pipe, received.data(), received.size()) == 244);
  ::close(pipe);
}

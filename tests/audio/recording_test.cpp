// Recordings in: what is refused, and what comes out of whatever is not.
#include "audio/recording.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "audio/audio_file.hpp"
#include "checkpoint/files.hpp"

using namespace nightingale;
using namespace nightingale::test;

namespace {

constexpr int rate = 24000;

std::vector<float> tone(std::size_t count) {
  std::vector<float> samples(count);
  for (std::size_t i = 0; i < count; ++i) samples[i] = 0.5f * std::sin(0.05f * static_cast<float>(i));
  return samples;
}

}  // namespace

TEST_CASE("recordings_that_cannot_be_read_are_refused_by_name") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& path) {
    CHECK(error_of([&] { read_mono(path, rate); }).code == ErrorCode::audio_invalid);
    return refusal_of(folder, [&] { read_mono(path, rate); });
  };
  CHECK(refused(folder / "absent.wav") == "there is no file absent.wav");
  CHECK(refused(folder.path()) == folder.path() + " is a folder, not a recording");
  CHECK(refused(folder.write("empty.wav", "")) == "empty.wav is empty");
  CHECK(refused(folder.write("text.wav", "this is no sound\n")) == "text.wav holds text, not sound");
  // A header whose samples were cut off.
  write_audio(folder / "a.wav", tone(100), rate, AudioFormat::wav);
  CHECK(refused(folder.write("cut.wav", content_of(folder / "a.wav").substr(0, 44))) ==
        "cut.wav holds no sound");
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

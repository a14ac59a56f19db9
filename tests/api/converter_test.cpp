// Converter: into memory, into a file that appears when it is whole, and what it refuses.
#include <doctest/doctest.h>

#include <filesystem>

#include "checkpoint/files.hpp"
#include "nightingale/nightingale.hpp"
#include "synthesis/whole_s3gen.hpp"

using namespace nightingale;

namespace {

const std::string recording = NIGHTINGALE_SOURCE "/tests/fixtures/recordings/quiet.wav";
const std::string voice_folder = NIGHTINGALE_SOURCE "/tests/goldens/cloning/voice";

struct Ready {
  test::TemporaryFolder folder;
  Converter converter;
  Voice voice;

  Ready()
      : converter(opened(folder)),
        voice(Voice::open(voice_folder).value()) {}
  static Converter opened(const test::TemporaryFolder& folder) {
    test::write_whole_s3gen(folder);
    return Converter::open(folder.path(), {.threads = 2, .watermark = false}).value();
  }
};

const Ready& ready() {
  static const Ready once;
  return once;
}

}  // namespace

TEST_CASE("converter_gives_the_same_samples_in_memory_and_in_a_file") {
  const test::TemporaryFolder out;
  const Result<Audio> audio = ready().converter.convert(recording, ready().voice, {.steps = 1});
  REQUIRE(audio.ok());
  CHECK(audio->samples.size() == 36 * 960);
  CHECK(audio->tokens.front().size() == 36);
  CHECK(audio->whole);
  const std::string in_file = out / "file.wav", from_memory = out / "memory.wav";
  const Result<Audio> written =
      ready().converter.convert_to_file(recording, ready().voice, in_file, "wav-float", {.steps = 1});
  REQUIRE(written.ok());
  CHECK(written->samples.empty());
  REQUIRE(write_audio(audio.value(), from_memory, "wav-float").ok());
  CHECK(test::content_of(in_file) == test::content_of(from_memory));
}

TEST_CASE("converter_leaves_no_file_behind_and_the_old_one_as_it_was_when_it_is_stopped") {
  const test::TemporaryFolder out;
  const std::string path = out.write("old.wav", "what stood there");
  ConvertRequest request{.steps = 1};
  request.progress = [](const Progress& progress) {
    return progress.stage == "mel" ? Going::stop : Going::on;
  };
  const Result<Audio> stopped =
      ready().converter.convert_to_file(recording, ready().voice, path, "", request);
  REQUIRE_FALSE(stopped.ok());
  CHECK(stopped.error().code == ErrorCode::cancelled);
  CHECK(test::content_of(path) == "what stood there");
  CHECK(std::distance(std::filesystem::directory_iterator(out.path()), {}) == 1);
}

TEST_CASE("converter_says_what_it_cannot_read_write_or_open") {
  const auto code = [](const auto& result) { return result.error().code; };
  CHECK(code(Converter::open("no folder")) == ErrorCode::model_missing);
  CHECK(code(ready().converter.convert("no.wav", ready().voice)) == ErrorCode::audio_invalid);
  CHECK(code(ready().converter.convert(recording, ready().voice, {.steps = 0})) == ErrorCode::option_invalid);
  CHECK(code(ready().converter.convert_to_file(recording, ready().voice, "/no/folder/a.wav")) ==
        ErrorCode::output_failed);
  CHECK(code(ready().converter.convert_to_file(recording, ready().voice, "a.xyz")) ==
        ErrorCode::option_invalid);
}

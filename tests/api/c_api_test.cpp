#include <nightingale/nightingale.h>

#include "c_api.h"
#include "checkpoint/files.hpp"
#include "small_model.hpp"
#include "synthesis/whole_s3gen.hpp"

using namespace nightingale;
using namespace nightingale::test;

TEST_CASE("c_program_speaks_and_writes_a_file") {
  const Scratch scratch;
  c_results results = {};
  c_speak(golden("model").c_str(), golden("voice").c_str(), "Hello world.", scratch.file("a.wav").c_str(),
          &results);
  CHECK(std::string(results.error) == "");
  CHECK(results.set);
  CHECK(results.written);
  CHECK(results.whole);
  CHECK(results.samples > 0);
  CHECK(results.streamed == results.samples);
  CHECK(std::filesystem::file_size(scratch.file("a.wav")) == 44 + 2 * results.samples);
  CHECK(results.progress_calls > 0);
  CHECK(results.progress_size == sizeof(nightingale_progress));
}

TEST_CASE("c_program_hears_that_its_audio_is_watermarked") {
  const Scratch scratch;
  for (const int wanted : {0, 1}) {
    if (wanted == 1 && !has_watermark()) return;
    c_results results = {};
    results.watermark = wanted;
    c_speak(golden("model").c_str(), golden("voice").c_str(), "Hello.", scratch.file("a.wav").c_str(),
            &results);
    CHECK(std::string(results.error) == "");
    CHECK(results.watermarked == wanted);
  }
}

TEST_CASE("c_program_marks_samples_and_finds_the_mark") {
  if (!has_watermark()) return;
  nightingale_watermarker* watermarker = nightingale_watermarker_open(nullptr);
  REQUIRE(watermarker != nullptr);
  std::vector<float> samples = some_sound(), marked(samples.size());
  double before = -1, behind = -1;
  CHECK(nightingale_watermark(watermarker, samples.data(), samples.size(), 24000, marked.data()) == 0);
  CHECK(nightingale_detect(watermarker, samples.data(), samples.size(), 24000, &before) == 0);
  CHECK(nightingale_detect(watermarker, marked.data(), marked.size(), 24000, &behind) == 0);
  CHECK(before < 0.5);
  CHECK(behind > 0.5);
  CHECK(nightingale_watermark(watermarker, samples.data(), samples.size(), 24000, samples.data()) == 0);
  CHECK(samples == marked);
  CHECK(nightingale_watermark(watermarker, nullptr, 5, 24000, samples.data()) == -1);
  CHECK(nightingale_detect(watermarker, samples.data(), samples.size(), 24000, nullptr) == -1);
  CHECK(nightingale_detect(watermarker, samples.data(), samples.size(), 7, &before) == -1);
  nightingale_watermarker_close(watermarker);
}

TEST_CASE("c_program_is_told_what_went_wrong") {
  const Scratch scratch;
  c_results results = {};
  results.answer = NIGHTINGALE_STOP;
  c_speak(golden("model").c_str(), golden("voice").c_str(), "Hello world.", scratch.file("a.wav").c_str(),
          &results);
  CHECK(std::string(results.error_code) == "cancelled");
  CHECK_FALSE(results.written);

  results = {};
  c_speak("no-such-folder", golden("voice").c_str(), "Hello.", scratch.file("a.wav").c_str(), &results);
  CHECK(std::string(results.error) == "no engine was given");
  CHECK(scratch.empty());
}

TEST_CASE("c_program_sees_every_field_of_a_request") {
  c_results results = {};
  c_speak("no-such-folder", "nobody", "Hello.", "a.wav", &results);
  std::vector<std::string> expected;
  visit_fields(Request{}, [&](const Field& field, const auto&) { expected.emplace_back(field.name); });
  CHECK(std::vector<std::string>(results.field_names, results.field_names + results.fields) == expected);
  for (const std::string& name : expected) CHECK(c_set(name.c_str(), 1, &results) == 0);
}

TEST_CASE("c_program_cannot_set_a_field_that_is_not_there_or_not_whole") {
  c_results results = {};
  CHECK(c_set("loudness", 1, &results) == -1);
  CHECK(std::string(results.error).find("repetition_penalty") != std::string::npos);
  CHECK(c_set("steps", 2.5, &results) == -1);
  CHECK(c_set("seed", 1e300, &results) == -1);
  CHECK(std::string(results.error_code) == "option_invalid");
}

TEST_CASE("c_program_bakes_a_recording_and_converts_it") {
  const test::TemporaryFolder folder;
  test::write_whole_s3gen(folder);
  std::filesystem::copy(NIGHTINGALE_SOURCE "/tests/goldens/cloning/model/ve.safetensors", folder.path());
  const std::string voice = folder / "anna.voice";
  c_results results = {};
  c_voices(folder.path().c_str(), NIGHTINGALE_SOURCE "/tests/fixtures/recordings/quiet.wav", voice.c_str(),
           &results);
  CHECK(std::string(results.error) == "");
  CHECK(results.written);
  CHECK(results.set);
  CHECK(results.progress_calls > 3);
  CHECK(results.samples == 36 * 960 - 480);  // the clip's mel has a row more than two a token
  CHECK(results.whole);
  CHECK(Voice::open(voice)->facts().name == "Anna");
  c_voices("no folder", "no recording", voice.c_str(), &results);
  CHECK(std::string(results.error_code) == "option_invalid");  // there is no converter to convert with
}

TEST_CASE("c_handles_may_be_null") {
  nightingale_engine_close(nullptr);
  nightingale_voice_close(nullptr);
  nightingale_request_free(nullptr);
  nightingale_audio_free(nullptr);
  CHECK(nightingale_engine_open(nullptr, nullptr) == nullptr);
  CHECK(nightingale_voice_open(nullptr) == nullptr);
  CHECK(nightingale_request_set_text(nullptr, "Hello.") == -1);
  CHECK(nightingale_speak(nullptr, nullptr, nullptr) == nullptr);
  CHECK(nightingale_stream(nullptr, nullptr, nullptr, nullptr, nullptr) == nullptr);
  CHECK(nightingale_audio_samples(nullptr, nullptr) == nullptr);
  CHECK(nightingale_audio_write(nullptr, "a.wav", nullptr) == -1);
  CHECK(nightingale_audio_is_watermarked(nullptr) == 0);
  nightingale_baker_close(nullptr);
  nightingale_converter_close(nullptr);
  CHECK(nightingale_bake(nullptr, "a.wav", nullptr) == nullptr);
  CHECK(nightingale_convert(nullptr, "a.wav", nullptr, nullptr) == nullptr);
  nightingale_watermarker_close(nullptr);
  float sample = 0;
  double confidence = 0;
  CHECK(nightingale_watermark(nullptr, &sample, 1, 24000, &sample) == -1);
  CHECK(nightingale_detect(nullptr, &sample, 1, 24000, &confidence) == -1);
  CHECK(nightingale_abi_version() == NIGHTINGALE_ABI_VERSION);
}

TEST_CASE("c_structs_of_an_older_header_are_read_as_far_as_they_reach") {
  if (!has_watermark()) return;  // the old struct cannot say that it wants none
  nightingale_options options = nightingale_options_defaults();
  options.struct_size = offsetof(nightingale_options, variant);
  options.threads = 1;
  options.variant = 77;  // behind the end of the old struct
  nightingale_engine* engine = nightingale_engine_open(golden("model").c_str(), &options);
  CHECK(engine != nullptr);
  nightingale_engine_close(engine);
}

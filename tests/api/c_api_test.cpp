#include <nightingale/nightingale.h>

#include "c_api.h"
#include "small_model.hpp"

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
  CHECK(std::filesystem::file_size(scratch.file("a.wav")) == 44 + 2 * results.samples);
  CHECK(results.progress_calls > 0);
  CHECK(results.progress_size == sizeof(nightingale_progress));
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

TEST_CASE("c_handles_may_be_null") {
  nightingale_engine_close(nullptr);
  nightingale_voice_close(nullptr);
  nightingale_request_free(nullptr);
  nightingale_audio_free(nullptr);
  CHECK(nightingale_engine_open(nullptr, nullptr) == nullptr);
  CHECK(nightingale_voice_open(nullptr) == nullptr);
  CHECK(nightingale_request_set_text(nullptr, "Hello.") == -1);
  CHECK(nightingale_speak(nullptr, nullptr, nullptr) == nullptr);
  CHECK(nightingale_audio_samples(nullptr, nullptr) == nullptr);
  CHECK(nightingale_audio_write(nullptr, "a.wav", nullptr) == -1);
  CHECK(nightingale_abi_version() == NIGHTINGALE_ABI_VERSION);
}

TEST_CASE("c_structs_of_an_older_header_are_read_as_far_as_they_reach") {
  nightingale_options options = nightingale_options_defaults();
  options.struct_size = offsetof(nightingale_options, variant);
  options.threads = 1;
  options.variant = 77;  // behind the end of the old struct
  nightingale_engine* engine = nightingale_engine_open(golden("model").c_str(), &options);
  CHECK(engine != nullptr);
  nightingale_engine_close(engine);
}

// Voices and the baker through the public API.
#include <array>
#include <cmath>
#include <fstream>

#include "nightingale/nightingale.h"
#include "small_model.hpp"

using namespace nightingale;
using namespace nightingale::test;

namespace {

std::string cloning(const std::string& name) {
  return std::string(NIGHTINGALE_SOURCE) + "/tests/goldens/cloning/" + name;
}

// Seven seconds of syllables as a WAV file: harmonics that swell and fall four times a second.
std::string recording(const Scratch& scratch, double loudness = 0.3, double seconds = 7) {
  Audio audio;
  for (int i = 0; i < static_cast<int>(seconds * sample_rate); ++i) {
    const double time = static_cast<double>(i) / sample_rate,
                 swell = std::pow(std::sin(4 * 3.14159265 * time), 2);
    double tone = 0;
    for (int harmonic = 1; harmonic <= 80; ++harmonic)
      tone += std::sin(2 * 3.14159265 * 110 * harmonic * time) / harmonic;
    audio.samples.push_back(static_cast<float>(loudness * swell * tone / 2));
  }
  const std::string path = scratch.file("anna.wav");
  REQUIRE(write_audio(audio, path, "wav-float").ok());
  return path;
}

const Baker& baker() {
  static const Baker opened_once = opened(Baker::open(cloning("model"), {.threads = 1}));
  return opened_once;
}

}  // namespace

TEST_CASE("baker_makes_a_voice_that_speaks_and_comes_back_from_its_file") {
  const Scratch scratch;
  const Baked baked =
      opened(baker().bake(recording(scratch), {.name = "Anna", .language = "en", .preview = true}));
  CHECK(baked.did == "");
  CHECK(baked.findings.empty());
  CHECK(baked.voice.facts().name == "Anna");
  CHECK(baked.voice.sizes().prompt_seconds == 7);
  CHECK(baked.voice.sizes().prompt_tokens == 175);
  CHECK(baked.voice.sizes().condition_tokens == 150);
  CHECK(baked.voice.preview().size() == 7 * sample_rate);
  for (const std::string name : {"anna.voice", "anna"}) {
    REQUIRE(baked.voice.save(scratch.file(name)).ok());
    const Voice again = opened(Voice::open(scratch.file(name)));
    CHECK(again.facts().source_sha256 == baked.voice.facts().source_sha256);
    CHECK(again.preview() == baked.voice.preview());
    CHECK(small_engine().speak(short_request(), again)->samples ==
          small_engine().speak(short_request(), baked.voice)->samples);
  }
}

TEST_CASE("baker_tells_its_stages_in_order_and_stops_when_asked") {
  const Scratch scratch;
  const std::string path = recording(scratch);
  std::vector<std::string> stages;
  const auto note = [&](const Progress& progress) {
    if (stages.empty() || stages.back() != progress.stage) stages.emplace_back(progress.stage);
    return Going::on;
  };
  CHECK(baker().bake(path, {.progress = note}).ok());
  CHECK(stages == std::vector<std::string>{"listening", "speaker", "tokens", "mel"});
  for (const std::string& stage : stages) {
    const auto stop = [&](const Progress& progress) {
      return progress.stage == stage ? Going::stop : Going::on;
    };
    CHECK(baker().bake(path, {.progress = stop}).error().code == ErrorCode::cancelled);
  }
}

TEST_CASE("baker_refuses_recordings_and_models_it_cannot_use") {
  const Scratch scratch;
  CHECK(baker().bake("no-such-file.wav").error().code == ErrorCode::audio_invalid);
  const auto strict = baker().bake(recording(scratch, 0.001), {.strict = true});
  REQUIRE(!strict.ok());
  CHECK(strict.error().code == ErrorCode::audio_invalid);
  CHECK(strict.error().facts.at(0).subject == "quiet");
  CHECK(Baker::open("no-such-folder").error().code == ErrorCode::model_missing);
  CHECK(Baker::open(golden("model")).error().text().find("voice encoder") != std::string::npos);
  CHECK(Baker::open(cloning("model"), {.threads = -1}).error().code == ErrorCode::option_invalid);
}

TEST_CASE("a_key_changes_with_the_recording_the_model_and_every_option") {
  const Scratch scratch;
  const std::string path = recording(scratch), model = cloning("model");
  const std::string key = opened(Baker::key(model, path));
  CHECK(key.size() == 64);
  CHECK(key == opened(Baker::key(model, path)));
  const std::array<BakeOptions, 6> others{BakeOptions{.name = "Anna"}, {.language = "en"}, {.licence = "CC0"},
                                          {.consent = "yes"},          {.as_is = true},    {.preview = true}};
  for (const BakeOptions& other : others) CHECK(opened(Baker::key(model, path, other)) != key);

  std::filesystem::create_directories(scratch.file("model"));
  for (const char* file : {"ve.safetensors", "s3gen.safetensors"}) {
    std::filesystem::copy_file(model + "/" + file, scratch.file(std::string("model/") + file));
  }
  CHECK(opened(Baker::key(scratch.file("model"), path)) == key);
  std::fstream(scratch.file("model/ve.safetensors"), std::ios::in | std::ios::out)
      .seekp(-1, std::ios::end)
      .put('\x7f');
  CHECK(opened(Baker::key(scratch.file("model"), path)) != key);

  std::filesystem::rename(path, scratch.file("other.wav"));
  CHECK(opened(Baker::key(model, scratch.file("other.wav"))) == key);
  std::fstream(scratch.file("other.wav"), std::ios::in | std::ios::out).seekp(-1, std::ios::end).put('\x01');
  CHECK(opened(Baker::key(model, scratch.file("other.wav"))) != key);
}

TEST_CASE("a_voice_is_saved_whole_or_refused_beforehand") {
  const Scratch scratch;
  CHECK(check_voice_output(scratch.file("a.voice")).ok());
  CHECK(check_voice_output(scratch.file("a.wav")).error().code == ErrorCode::option_invalid);
  CHECK(check_voice_output(scratch.file("none/a.voice")).error().code == ErrorCode::output_failed);
  CHECK(small_voice().save(scratch.file("none/a")).error().code == ErrorCode::output_failed);
  CHECK(scratch.empty());
}

TEST_CASE("an_engine_doubts_a_voice_of_another_variant_and_speaks_it") {
  const Scratch scratch;
  CHECK(small_engine().check_voice(small_voice()).empty());
  REQUIRE(small_voice().save(scratch.file("anna")).ok());
  std::ofstream(scratch.file("anna/metadata.json")) << R"({"variant": "multilingual"})";
  const Voice other = opened(Voice::open(scratch.file("anna")));
  REQUIRE(small_engine().check_voice(other).size() == 1);
  CHECK(small_engine().check_voice(other)[0].code == "other_variant");
  CHECK(small_engine().speak(short_request(), other).ok());
}

TEST_CASE("a_c_program_saves_a_voice") {
  const Scratch scratch;
  nightingale_voice* voice = nightingale_voice_open(golden("voice").c_str());
  CHECK(nightingale_voice_save(voice, scratch.file("a.voice").c_str(), NIGHTINGALE_FORM_AUTOMATIC) == 0);
  CHECK(nightingale_voice_save(voice, scratch.file("b").c_str(), NIGHTINGALE_FORM_FOLDER) == 0);
  CHECK(nightingale_voice_save(voice, scratch.file("c").c_str(), 7) == -1);
  CHECK(std::string(nightingale_last_error_code()) == "option_invalid");
  CHECK(nightingale_voice_save(nullptr, scratch.file("c").c_str(), 0) == -1);
  nightingale_voice_close(voice);
  CHECK(Voice::open(scratch.file("a.voice")).ok());
  CHECK(Voice::open(scratch.file("b")).ok());
}

TEST_CASE("compare_voices_hears_a_recording_and_takes_a_voice_as_it_was_baked") {
  const Scratch scratch;
  const std::string path = recording(scratch);
  const Baked baked = opened(baker().bake(path));
  REQUIRE(baked.voice.save(scratch.file("anna.voice")).ok());
  const EngineOptions options{.threads = 1};
  const Likeness same = opened(compare_voices(path, scratch.file("anna.voice"), cloning("model"), options));
  CHECK(same.similarity == doctest::Approx(1).epsilon(1e-9));
  CHECK(same.embedding_a == same.embedding_b);
  CHECK(same.embedding_a.size() == 256);
  const Likeness other = opened(compare_voices(cloning("voice"), scratch.file("anna.voice"), ""));
  CHECK(other.similarity < 0.999);
  CHECK(other.embedding_b == same.embedding_a);
}

TEST_CASE("compare_voices_refuses_what_it_cannot_hear_or_find") {
  const Scratch scratch;
  const std::string silent = recording(scratch, 0);
  CHECK(compare_voices(silent, silent, cloning("model")).error().code == ErrorCode::audio_invalid);
  CHECK(compare_voices(silent, silent, scratch.file("nowhere")).error().code == ErrorCode::model_missing);
  CHECK(compare_voices(silent, silent, cloning("model"), {.threads = -1}).error().code ==
        ErrorCode::option_invalid);
  CHECK(compare_voices(scratch.file("nobody"), silent, cloning("model")).error().code ==
        ErrorCode::voice_invalid);
}

TEST_CASE("bench_times_baking_by_its_parts_without_a_network_that_speaks") {
  const Scratch scratch;
  const Bench bench = opened(Bench::open(cloning("model"), {.threads = 1}, {"bake"}));
  CHECK(bench.opened() == std::vector<std::string>{"bake"});
  const BenchStage timed = opened(bench.run("bake", recording(scratch)));
  CHECK(timed.tokens == 150 + 175);
  std::vector<std::string> parts;
  double seconds = 0;
  for (const BenchPart& part : timed.parts) {
    parts.push_back(part.part);
    seconds += part.seconds;
  }
  CHECK(parts ==
        std::vector<std::string>{"doctor", "resample", "voice_encoder", "x_vector", "tokens", "mel"});
  CHECK(seconds <= timed.seconds);
  CHECK(seconds > 0.5 * timed.seconds);
  CHECK(bench.run("tokens").error().code == ErrorCode::option_invalid);
  CHECK(bench.run("bake").error().code == ErrorCode::audio_invalid);
}

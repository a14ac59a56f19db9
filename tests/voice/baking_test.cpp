// From a recording's file to the clip that is baked: what is chosen, what is trimmed, what is told of it. The
// networks are stood in for.
#include "voice/baking.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "audio/audio_file.hpp"
#include "checkpoint/files.hpp"
#include "nightingale/version.h"
#include "voice/clip.hpp"
#include "voice/speech_like.hpp"

using namespace nightingale;
using test::SpeechLike;
using test::operator+;
using test::silence;
using test::TemporaryFolder;

namespace {

// A recording at 24 kHz, so that a clip of it can be compared sample for sample, and what became of it.
struct Trial {
  TemporaryFolder folder;
  std::vector<float> recording, clip;
  BakedVoice baked;

  explicit Trial(std::vector<float> samples, const BakeOptions& options = {})
      : recording(std::move(samples)) {
    const std::string path = folder / "anna.wav";
    write_audio(path, recording, 24000, AudioFormat::wav_float);
    baked = bake_recording(path, options, "english", [&](std::span<const float> given) {
      clip.assign(given.begin(), given.end());
      return VoiceArrays{};
    });
  }

  // Whether the clip is the recording from there on.
  bool clip_begins_at(double seconds) const {
    const auto first = static_cast<std::ptrdiff_t>(std::lround(seconds * 24000));
    return std::equal(clip.begin(), clip.end(), recording.begin() + first);
  }
};

Error refusal(const std::vector<float>& samples, const BakeOptions& options) {
  return test::error_of([&] { Trial(samples, options); });
}

}  // namespace

TEST_CASE("a_recording_of_ten_seconds_is_baked_sample_for_sample") {
  for (const double seconds : {5.0, 9.99, 10.0}) {
    CAPTURE(seconds);
    const Trial trial(SpeechLike{.seconds = seconds}.samples());
    CHECK(trial.clip == trial.recording);
    CHECK(trial.baked.did == "");
    CHECK(trial.baked.findings.empty());
    CHECK(trial.baked.voice.facts.baked_to == doctest::Approx(seconds));
  }
}

TEST_CASE("a_little_silence_at_the_ends_stays") {
  const Trial trial(silence(0.4) + SpeechLike{.seconds = 7}.samples() + silence(0.1));
  CHECK(trial.clip == trial.recording);
}

TEST_CASE("long_silence_at_the_ends_is_trimmed_and_told") {
  const Trial trial(silence(1.5) + SpeechLike{.seconds = 6}.samples() + silence(2));
  CHECK(trial.baked.did == "trimmed 3.4 s of silence");
  CHECK(trial.baked.voice.facts.baked_from == doctest::Approx(1.3).epsilon(0.05));
  CHECK(trial.clip_begins_at(trial.baked.voice.facts.baked_from));
}

TEST_CASE("a_click_in_the_silence_does_not_hide_it") {
  std::vector<float> samples = silence(1.5) + SpeechLike{.seconds = 6}.samples();
  samples[12000] = 0.9F;
  CHECK(Trial(samples).baked.did == "trimmed 1.3 s of silence");
}

TEST_CASE("as_is_changes_nothing_and_takes_all_of_it") {
  const std::vector<float> samples = silence(2) + SpeechLike{.seconds = 12}.samples();
  const Trial trial(samples, {.as_is = true});
  CHECK(trial.clip == trial.recording);
  CHECK(trial.baked.did == "");
  CHECK(trial.baked.voice.facts.baked_from == 0);
  CHECK(trial.baked.voice.facts.baked_to == doctest::Approx(14));
}

TEST_CASE("as_is_takes_ten_minutes_at_most_and_says_so") {
  const TemporaryFolder folder;
  const std::vector<float> second = SpeechLike{.seconds = 1, .rate = 8000}.samples();
  std::vector<float> samples;
  for (int i = 0; i < 615; ++i) samples.insert(samples.end(), second.begin(), second.end());
  write_audio(folder / "a.wav", samples, 8000, AudioFormat::wav);
  std::size_t given = 0;
  const BakedVoice baked =
      bake_recording(folder / "a.wav", {.as_is = true}, "english", [&](std::span<const float> clip) {
        given = clip.size();
        return VoiceArrays{};
      });
  CHECK(given == 600 * 24000);
  CHECK(baked.did == "took the first 10:00 of 10:15");
  CHECK(baked.voice.facts.baked_to == 600);
  CHECK(baked.voice.facts.source_seconds == 615);
}

TEST_CASE("the_best_ten_seconds_of_a_long_recording_are_speech_and_not_noise_music_or_silence") {
  const std::vector<float> noisy = SpeechLike{.seconds = 20, .noise = 0.05}.samples();
  const std::vector<float> good = SpeechLike{.seconds = 11}.samples();
  const Trial trial(noisy + silence(15) + good + test::sine(20, 24000, 440, 0.3) + noisy);
  const VoiceFacts& facts = trial.baked.voice.facts;
  CHECK(facts.baked_from >= 34.7);
  CHECK(facts.baked_to <= 46.1);
  CHECK(facts.baked_to - facts.baked_from >= 8);
  CHECK(trial.baked.findings.empty());
  CHECK(trial.clip_begins_at(facts.baked_from));
  CHECK(trial.baked.did.find(" s of 1:26") != std::string::npos);
}

TEST_CASE("the_best_ten_seconds_are_not_clipped_not_far_away_and_of_one_speaker") {
  std::vector<float> clipped = SpeechLike{.seconds = 12}.samples();
  for (float& sample : clipped) sample = std::clamp(sample * 8, -0.999F, 0.999F);
  const std::vector<float> far = SpeechLike{.seconds = 12, .loudness = 0.05}.samples();
  const std::vector<float> high = SpeechLike{.seconds = 6, .pitch = 230}.samples();
  const Trial trial(clipped + far + high + SpeechLike{.seconds = 12}.samples() + high + far);
  CHECK(trial.baked.voice.facts.baked_from >= 29.5);
  CHECK(trial.baked.voice.facts.baked_to <= 42.5);
  CHECK(trial.baked.findings.empty());
}

TEST_CASE("a_chosen_stretch_begins_and_ends_in_pauses") {
  const Trial trial(SpeechLike{.seconds = 30, .noise = 0}.samples());
  const double from = trial.baked.voice.facts.baked_from, to = trial.baked.voice.facts.baked_to;
  CHECK(std::abs(trial.recording[static_cast<std::size_t>(from * 24000)]) < 0.01);
  CHECK(std::abs(trial.recording[static_cast<std::size_t>(to * 24000) - 1]) < 0.01);
}

TEST_CASE("a_clip_from_the_middle_of_a_file_is_that_part_of_it") {
  const TemporaryFolder folder;
  const std::vector<float> samples = SpeechLike{.seconds = 30}.samples();
  write_audio(folder / "a.wav", samples, 24000, AudioFormat::wav_float);
  const std::vector<float> clip = read_clip(folder / "a.wav", 21.5, 23.25);
  REQUIRE(clip.size() == 42000);
  CHECK(std::equal(clip.begin(), clip.end(), samples.begin() + 516000));
}

TEST_CASE("channels_are_measured_one_by_one_and_together") {
  ChannelMeter meter(2);
  meter.add(std::vector<float>{0.5F, -0.5F, 0.5F, -0.5F}, std::vector<float>{0, 0});
  meter.add(std::vector<float>{0.5F, 0}, std::vector<float>{0.25F});
  CHECK(meter.powers().channels == 2);
  CHECK(meter.powers().loudest == doctest::Approx(0.25));
  CHECK(meter.powers().mean == doctest::Approx(0.0625 / 3));
}

TEST_CASE("a_baked_voice_says_where_it_comes_from") {
  const Trial trial(SpeechLike{.seconds = 6}.samples(),
                    {.name = "Anna", .language = "nl", .licence = "CC0", .consent = "she agreed"});
  const VoiceFacts& facts = trial.baked.voice.facts;
  CHECK(facts.name == "Anna");
  CHECK(facts.language == "nl");
  CHECK(facts.licence == "CC0");
  CHECK(facts.consent == "she agreed");
  CHECK(facts.source == "anna.wav");
  CHECK(facts.source_sha256 == recording_sha256(trial.folder / "anna.wav"));
  CHECK(facts.source_sha256.size() == 64);
  CHECK(facts.source_rate == 24000);
  CHECK(facts.source_seconds == 6);
  CHECK(facts.variant == "english");
  CHECK(facts.created_by == "nightingale " NIGHTINGALE_VERSION);
  CHECK(trial.baked.voice.preview.empty());
}

TEST_CASE("a_preview_is_the_clip_in_sixteen_bits_and_no_longer_than_ten_seconds") {
  const Trial trial(SpeechLike{.seconds = 12}.samples(), {.as_is = true, .preview = true});
  const std::vector<std::int16_t>& preview = trial.baked.voice.preview;
  REQUIRE(preview.size() == 240000);
  for (std::size_t i = 0; i < preview.size(); i += 997) {
    CHECK(std::abs(preview[i] - trial.clip[i] * 32767) <= 0.501F);
  }
}

TEST_CASE("strict_refuses_before_anything_is_baked") {
  const std::vector<float> noisy_and_short = SpeechLike{.seconds = 3, .noise = 0.05}.samples();
  CHECK(Trial(noisy_and_short).baked.findings.size() == 2);
  const Error error = refusal(noisy_and_short, {.strict = true});
  CHECK(error.code == ErrorCode::audio_invalid);
  CHECK(error.facts.size() == 2);
}

TEST_CASE("a_listener_hears_the_stage_and_can_stop_it") {
  std::vector<std::string> stages;
  const auto note = [&](const Progress& progress) {
    stages.emplace_back(progress.stage);
    CHECK(progress.done <= progress.of);
    return Going::on;
  };
  Trial(SpeechLike{.seconds = 6}.samples(), {.progress = note});
  CHECK(!stages.empty());
  CHECK(stages.front() == "listening");
  const auto stop = [](const Progress&) { return Going::finish; };
  CHECK(refusal(SpeechLike{.seconds = 6}.samples(), {.progress = stop}).code == ErrorCode::cancelled);
}

TEST_CASE("a_recording_is_told_from_a_voice_by_its_content") {
  const TemporaryFolder folder;
  write_audio(folder / "odd.voice", SpeechLike{.seconds = 1}.samples(), 24000, AudioFormat::wav);
  CHECK(looks_like_recording(folder / "odd.voice"));
  CHECK(looks_like_recording(folder.write("text.wav", "no sound at all")));
  CHECK(looks_like_recording(folder.write("empty.mp3", "")));
  CHECK_FALSE(looks_like_recording(folder.write("text.voice", "no voice at all")));
  CHECK_FALSE(looks_like_recording(folder / "none.wav"));
  CHECK_FALSE(looks_like_recording(folder.path()));
  CHECK_FALSE(looks_like_recording(NIGHTINGALE_SOURCE "/tests/checkpoint/archives/conds.pt"));
}

// Voice conversion against upstream's vc.py, its pieces over long recordings against the whole, and what it
// refuses.
#include "synthesis/conversion.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "audio/audio_file.hpp"
#include "base/failure.hpp"
#include "checkpoint/npy.hpp"
#include "close.hpp"
#include "goldens.hpp"
#include "kernels/cpu/cpu.hpp"
#include "models/lengths.hpp"
#include "synthesis/marking.hpp"
#include "synthesis/mel_stream.hpp"
#include "synthesis/vocoder_stream.hpp"
#include "voice/source_tokens.hpp"
#include "whole_s3gen.hpp"

using namespace nightingale;

namespace {

const std::string recording = NIGHTINGALE_SOURCE "/tests/fixtures/recordings/quiet.wav";

std::vector<float> numbers(const std::string& name) {
  return to_float(read_npy(test::golden("cloning/" + name + ".npy")).tensors().front());
}

struct Whole {
  test::TemporaryFolder folder;
  ConversionModel model;
  VoiceArrays voice;

  Whole()
      : model(test::write_whole_s3gen(folder), make_cpu({2})),
        voice(read_voice(test::golden("cloning/voice"))) {}
};

const Whole& whole() {
  static const Whole opened;
  return opened;
}

struct Heard {
  Converted converted;
  std::vector<float> samples;
};

Heard converted(const std::string& path, const ConvertRequest& request,
                const ConversionWindows& windows = {}) {
  Heard heard;
  const auto sink = [&](std::span<const float> samples) {
    heard.samples.insert(heard.samples.end(), samples.begin(), samples.end());
  };
  heard.converted = convert(whole().model, whole().voice, path, request, sink, windows);
  return heard;
}

// A recording of so many seconds: the golden's, over and over, each time a little louder.
std::string long_recording(const test::TemporaryFolder& folder, double seconds) {
  const std::vector<float> once = numbers("voice/audio_16k");
  std::vector<float> samples(static_cast<std::size_t>(seconds * 16000));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = once[i % once.size()] * (0.5F + 0.02F * static_cast<float>(i / once.size()));
  }
  const std::string path = folder / "long.wav";
  write_audio(path, samples, 16000, AudioFormat::wav_float);
  return path;
}

}  // namespace

TEST_CASE("a_short_recording_converts_as_upstreams_vc_does") {
  const Heard heard = converted(recording, {.seed = 5});
  const std::vector<float> expected = numbers("conversion/source_tokens");
  CHECK(heard.converted.tokens == std::vector<std::int32_t>(expected.begin(), expected.end()));
  CHECK(testing::distance(heard.samples, numbers("conversion/audio")) <
        1e-3);  // the phase sums over every sample
  CHECK(heard.converted.whole);
  CHECK_FALSE(heard.converted.watermarked);
}

TEST_CASE("tokens_of_a_long_recording_read_in_windows_are_those_of_its_samples_at_once") {
  const test::TemporaryFolder folder;
  const std::string path = long_recording(folder, 58.7);
  std::vector<std::string> stages;
  const auto listen = [&](std::string_view stage, std::int64_t done, std::int64_t of) {
    CHECK(done <= of);
    stages.emplace_back(stage);
  };
  Ops& op = whole().model.ops();
  const SpeechTokens windows = source_tokens(op, whole().model.speech_tokenizer(), path, listen);
  std::vector<float> samples(static_cast<std::size_t>(58.7 * 16000));
  const std::vector<float> once = numbers("voice/audio_16k");
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = once[i % once.size()] * (0.5F + 0.02F * static_cast<float>(i / once.size()));
  }
  const SpeechTokens at_once = speech_tokens_of(op, whole().model.speech_tokenizer(), samples);
  CHECK(windows.tokens == at_once.tokens);
  CHECK(windows.tokens.size() == 1468);
  CHECK(std::count(stages.begin(), stages.end(), "tokens") == 3);
}

TEST_CASE("a_vocoder_in_chunks_makes_the_samples_of_the_whole") {
  const hift::Hift& hift = whole().model.hift();
  Ops& op = whole().model.ops();
  const std::vector<float> mel = numbers("voice/prompt_feat");
  Random random(3), again(3);
  VocoderStream at_once(op, hift, random, 100000), in_chunks(op, hift, again, 17);
  std::vector<float> expected = at_once.push(mel), found;
  const std::vector<float> rest = at_once.finish();
  expected.insert(expected.end(), rest.begin(), rest.end());
  for (std::size_t first = 0; first < mel.size(); first += 80 * 9) {
    const auto part = std::span(mel).subspan(first, std::min<std::size_t>(80 * 9, mel.size() - first));
    const std::vector<float> more = in_chunks.push(part);
    found.insert(found.end(), more.begin(), more.end());
  }
  const std::vector<float> last = in_chunks.finish();
  found.insert(found.end(), last.begin(), last.end());
  CHECK(found.size() == 480 * mel.size() / 80);
  CHECK(testing::distance(found, expected) < 1e-3);
}

TEST_CASE("a_long_conversion_has_every_sample_and_no_step_where_windows_meet") {
  const test::TemporaryFolder folder;
  const std::string path = long_recording(folder, 12);
  const Heard heard = converted(path, {.steps = 2}, {.tokens = 120, .overlap = 60});
  CHECK(heard.converted.tokens.size() == 300);
  CHECK(heard.samples.size() == 300 * 960);
  CHECK(heard.converted.samples == 300 * 960);
  const Heard again = converted(path, {.steps = 2}, {.tokens = 120, .overlap = 60});
  CHECK(heard.samples == again.samples);
}

TEST_CASE("a_voice_with_an_odd_mel_loses_its_first_frame_once_and_not_in_every_window") {
  const test::TemporaryFolder folder;
  const VoiceArrays odd = read_voice(test::golden("cloning/voice-short"));
  std::size_t samples = 0;
  const Converted found =
      convert(whole().model, odd, long_recording(folder, 12), {.steps = 1},
              [&](std::span<const float> more) { samples += more.size(); }, {.tokens = 120, .overlap = 60});
  CHECK(found.tokens.size() == 300);
  CHECK(samples == 300 * 960 - 480);
}

TEST_CASE("windows_fade_from_the_old_into_the_new_within_a_second") {
  constexpr std::size_t shared = 200, bands = 80;
  const std::vector<float> before(shared * bands, 1.0F);
  std::vector<float> mel(300 * bands, 0.0F);
  fade_over(before, mel);
  const auto at = [&](std::size_t frame) { return mel[frame * bands + 7]; };
  CHECK(at(0) == 1);
  CHECK(at(74) == 1);
  CHECK(at(125) == 0);
  CHECK(at(250) == 0);
  for (std::size_t frame = 75; frame < 125; ++frame) CHECK(at(frame) < at(frame - 1));
}

TEST_CASE("conversion_ends_when_its_listener_says_so") {
  ConvertRequest stops;
  stops.progress = [](const Progress& progress) { return progress.stage == "mel" ? Going::stop : Going::on; };
  CHECK_THROWS_AS(converted(recording, stops), Failure);
  const test::TemporaryFolder folder;
  ConvertRequest ends;
  ends.steps = 1;
  ends.progress = [](const Progress& progress) { return progress.chunk == 1 ? Going::finish : Going::on; };
  const Heard heard = converted(long_recording(folder, 12), ends, {.tokens = 120, .overlap = 60});
  CHECK_FALSE(heard.converted.whole);
  CHECK(!heard.samples.empty());
  CHECK(heard.samples.size() < 300 * 960);
}

TEST_CASE("conversion_refuses_what_cannot_be_heard_and_steps_out_of_range") {
  const test::TemporaryFolder folder;
  write_audio(folder / "blink.wav", std::vector<float>(100, 0.1F), 16000, AudioFormat::wav);
  CHECK_THROWS_AS(converted(folder / "blink.wav", {}), Failure);
  CHECK_THROWS_AS(converted(folder / "none.wav", {}), Failure);
  CHECK_THROWS_AS(converted(recording, {.steps = 0}), Failure);
}

TEST_CASE("marking_without_a_watermark_hands_samples_straight_on") {
  std::vector<float> out;
  Marking marking(nullptr,
                  [&](std::span<const float> samples) { out.assign(samples.begin(), samples.end()); });
  marking.push(std::vector<float>{0.1F, 0.2F});
  CHECK(out.size() == 2);
  marking.finish();
  CHECK(marking.samples() == 2);
}

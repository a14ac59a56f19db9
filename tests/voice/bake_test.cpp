// Baking the golden recordings, from the signals that upstream's networks got, against upstream's own arrays;
// and the published networks proved from their manifests.
#include "voice/bake.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "base/failure.hpp"
#include "checkpoint/manifest.hpp"
#include "checkpoint/npy.hpp"
#include "close.hpp"
#include "goldens.hpp"
#include "kernels/cpu/cpu.hpp"

using namespace nightingale;

namespace {

std::vector<float> numbers(const std::string& name) {
  return to_float(read_npy(test::golden("cloning/" + name + ".npy")).tensors().front());
}

std::vector<std::int32_t> ids(const std::string& name) {
  const std::vector<float> found = numbers(name);
  return {found.begin(), found.end()};
}

const BakingNetworks& networks(Ops& op) {
  static const BakingNetworks opened(test::golden("cloning/model/ve.safetensors"),
                                     test::golden("cloning/model/s3gen.safetensors"), op);
  return opened;
}

Ops& substrate() {
  static const auto op = make_cpu({2});
  return *op;
}

VoiceArrays baked(const std::string& voice) {
  const std::vector<float> samples_24k = numbers(voice + "/audio_24k"),
                           samples_16k = numbers(voice + "/audio_16k");
  return bake_steps(substrate(), networks(substrate()), {samples_24k, samples_16k}).arrays;
}

TensorFile manifest(const std::string& file) {
  return read_manifest(NIGHTINGALE_SOURCE "/tests/manifests/" + file + ".json");
}

}  // namespace

TEST_CASE("a_voice_baked_from_upstreams_signals_is_upstreams") {
  for (const char* voice : {"voice", "voice-short"}) {
    CAPTURE(voice);
    const std::string folder = std::string(voice) + "/";
    const VoiceArrays ours = baked(voice);
    CHECK(testing::distance(ours.speaker, numbers(folder + "soul_t3_256")) < 1e-5);
    CHECK(testing::distance(ours.flow_speaker, numbers(folder + "soul_s3_192")) <
          1e-4);  // through the filter bank
    CHECK(testing::distance(ours.prompt_mel, numbers(folder + "prompt_feat")) < 1e-5);
    CHECK(ours.condition_prompt == ids(folder + "t3_cond_tokens"));
    CHECK(ours.prompt == ids(folder + "prompt_token"));
    CHECK(ours.emotion == 0.5F);
  }
}

TEST_CASE("baking_resamples_the_recording_itself_when_it_is_given_only_once") {
  const std::vector<float> samples_24k = numbers("voice-short/audio_24k");
  const VoiceArrays ours = bake_arrays(substrate(), networks(substrate()), samples_24k);
  CHECK(ours.condition_prompt == ids("voice-short/t3_cond_tokens"));
  CHECK(testing::close(ours.speaker, numbers("voice-short/soul_t3_256"), 1e-5));
}

TEST_CASE("an_odd_clip_has_one_mel_row_more_than_two_a_token") {
  const VoiceArrays ours = baked("voice-short");
  CHECK(ours.prompt_frames == 2 * static_cast<std::int64_t>(ours.prompt.size()) + 1);
}

TEST_CASE("baking_refuses_a_clip_too_short_to_be_heard_and_takes_the_shortest_that_is_not") {
  const std::vector<float> quiet(2400, 0.01F);
  CHECK_THROWS_AS(bake_arrays(substrate(), networks(substrate()), std::span(quiet).first(2399)), Failure);
  const VoiceArrays voice = bake_arrays(substrate(), networks(substrate()), quiet);
  CHECK(voice.prompt.size() == 2);
  CHECK(voice.prompt_frames == 5);
}

TEST_CASE("baking_tells_its_progress_and_ends_when_the_listener_throws") {
  std::vector<std::int64_t> done;
  const std::vector<float> samples = numbers("voice-short/audio_24k");
  const auto listen = [&](std::string_view, std::int64_t part, std::int64_t of) {
    CHECK(of == 5);
    done.push_back(part);
    if (part == 3) fail(ErrorCode::cancelled, "stopped");
  };
  CHECK_THROWS_AS(bake_arrays(substrate(), networks(substrate()), samples, listen), Failure);
  CHECK(done == std::vector<std::int64_t>{0, 1, 2, 3});
}

TEST_CASE("a_long_recording_is_tokenised_in_windows_without_losing_a_token") {
  std::vector<float> samples(33 * 16000);
  const std::vector<float> once = numbers("voice/audio_16k");
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = once[i % once.size()];
  std::vector<std::int64_t> frames;
  const auto listen = [&](std::string_view, std::int64_t done, std::int64_t) { frames.push_back(done); };
  const SpeechTokens found =
      speech_tokens_of(substrate(), networks(substrate()).speech_tokenizer(), samples, 0, listen);
  CHECK(found.tokens.size() == 33 * 25);
  CHECK(found.margins.size() == found.tokens.size());
  CHECK(frames == std::vector<std::int64_t>{3000, 3300});
}

TEST_CASE("the_listening_networks_of_every_published_file_are_proved_from_its_manifest") {
  for (const char* file : {"ve.safetensors", "ve.pt"}) {
    CAPTURE(file);
    Binding binding(manifest(file), "voice encoder");
    const auto network = bind_voice_encoder(binding);
    binding.judge();
    CHECK(prove(*network) == std::vector<std::string>{"voice_encoder = [speaker 256]"});
  }
  for (const char* file : {"s3gen.safetensors", "s3gen.pt", "s3gen_v3.safetensors", "s3gen_v3.pt",
                           "s3gen_meanflow.safetensors"}) {
    CAPTURE(file);
    Binding binding(manifest(file), "listening");
    const auto tokenizer = bind_speech_tokenizer(binding);
    const auto campplus = bind_campplus(binding);
    binding.root().unused("flow.", "another's");
    binding.root().unused("mel2wav.", "another's");
    binding.judge();
    CHECK(prove(*tokenizer).front() == "speech_tokenizer = [batch 1, token = ceil(frame/4), digit 8]");
    CHECK(prove(*campplus).front() == "campplus = [batch 1, speaker 192]");
  }
}

// The 16 kHz mels and Kaldi's filterbank against upstream's.
#include "audio/speech_mel.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "audio/fbank.hpp"
#include "audio/mel.hpp"
#include "audio/sounds.hpp"
#include "checkpoint/files.hpp"
#include "close.hpp"

using namespace nightingale;
using namespace nightingale::test;

namespace {

template <typename Compute>
void check_goldens(const char* name, double tolerance, Compute&& compute) {
  const nlohmann::json content = audio_goldens();
  REQUIRE(content.at("front_ends").size() >= 4);
  for (const auto& expected : content.at("front_ends")) {
    CAPTURE(expected.at("length").get<int>());
    CHECK(
        testing::close(compute(sound_of(expected)), expected.at(name).get<std::vector<float>>(), tolerance));
  }
}

}  // namespace

TEST_CASE("tokenizer_mel_is_upstreams") {
  check_goldens("tokenizer_mel", 1e-5, tokenizer_mel);
}

TEST_CASE("voice_encoder_mel_is_upstreams") {
  check_goldens("voice_encoder_mel", 1e-5, voice_encoder_mel);
}

TEST_CASE("kaldi_fbank_is_torchaudios") {
  check_goldens("fbank", 1e-4, kaldi_fbank);
}

TEST_CASE("front_ends_count_their_frames_as_upstream_does") {
  for (const std::size_t count : {400UL, 401UL, 559UL, 560UL, 639UL, 640UL, 16'000UL}) {
    CAPTURE(count);
    const std::vector<float> samples = tone(count);
    CHECK(tokenizer_mel(samples).size() == count / 160 * tokenizer_bands);
    CHECK(voice_encoder_mel(samples).size() == (count / 160 + 1) * voice_encoder_bands);
    CHECK(kaldi_fbank(samples).size() == ((count - 400) / 160 + 1) * fbank_bands);
  }
}

TEST_CASE("front_ends_of_silence_are_their_floors") {
  const std::vector<float> silence(1600, 0);
  // log10 of 1e-10, and (−10 + 4)/4: nothing lies 8 under the loudest.
  CHECK(tokenizer_mel(silence) == std::vector<float>(10 * tokenizer_bands, -1.5f));
  CHECK(voice_encoder_mel(silence) == std::vector<float>(11 * voice_encoder_bands, 0.f));
  const std::vector<float> floor(8 * fbank_bands, std::log(std::numeric_limits<float>::epsilon()));
  CHECK(testing::close(kaldi_fbank(silence), floor, 1e-7));
}

TEST_CASE("front_ends_survive_the_loudest_square_wave") {
  std::vector<float> square(24'000);
  for (std::size_t i = 0; i < square.size(); ++i) square[i] = i / 50 % 2 == 0 ? 1.f : -1.f;
  for (const auto& numbers :
       {tokenizer_mel(square), voice_encoder_mel(square), kaldi_fbank(square), mel_24k(square)}) {
    CHECK(std::all_of(numbers.begin(), numbers.end(), [](float number) { return std::isfinite(number); }));
  }
}

TEST_CASE("front_ends_refuse_recordings_that_are_too_short") {
  for (const std::size_t count : {0UL, 1UL, 200UL}) {
    CHECK(error_of([&] { tokenizer_mel(tone(count)); }).code == ErrorCode::audio_invalid);
    CHECK(error_of([&] { voice_encoder_mel(tone(count)); }).code == ErrorCode::audio_invalid);
  }
  CHECK(tokenizer_mel(tone(201)).size() == tokenizer_bands);
  CHECK(voice_encoder_mel(tone(201)).size() == 2 * voice_encoder_bands);
  const Error error = error_of([] { kaldi_fbank(tone(399)); });
  CHECK(error.sentence == "a recording of 399 samples at 16 kHz is too short for a filterbank");
  CHECK(error.fix == "give at least 400 samples, better some seconds");
}

TEST_CASE("subtract_mean_centres_each_band") {
  std::vector<float> rows = {1, 10, 2, 20, 6, 60};
  subtract_mean(rows, 2);
  CHECK(rows == std::vector<float>{-2, -20, -1, -10, 3, 30});
}

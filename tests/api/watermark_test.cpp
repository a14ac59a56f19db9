// The watermark through the public API, with the real network when it is there.
#include <array>
#include <fstream>
#include <limits>

#include "small_model.hpp"

using namespace nightingale;
using namespace nightingale::test;

namespace {

const Watermarker& watermarker() {
  static const Watermarker opened_once = opened(Watermarker::open({.threads = 1}));
  return opened_once;
}

Detection detection(const std::vector<float>& samples, int rate = sample_rate) {
  return opened(watermarker().detect(samples, rate));
}

}  // namespace

TEST_CASE("a_mark_is_found_and_what_is_not_marked_is_not") {
  if (!has_watermark()) return;
  const std::vector<float> samples = some_sound();
  const std::vector<float> marked = opened(watermarker().mark(samples, sample_rate));
  CHECK(marked.size() == samples.size());
  CHECK_FALSE(detection(samples).found);
  CHECK(detection(marked).found);
  CHECK(detection(marked).confidence > 0.9);
  CHECK(detection(marked).seconds == doctest::Approx(2));
}

TEST_CASE("a_mark_is_found_in_a_recording_of_16_bits") {
  if (!has_watermark()) return;
  const Scratch scratch;
  Audio audio;
  for (const bool wanted : {false, true}) {
    audio.samples = wanted ? opened(watermarker().mark(some_sound(), sample_rate)) : some_sound();
    REQUIRE(write_audio(audio, scratch.file("a.wav")).ok());
    CHECK(opened(watermarker().detect(scratch.file("a.wav"))).found == wanted);
  }
}

TEST_CASE("a_mark_is_found_in_what_the_engine_speaks") {
  if (!has_watermark()) return;
  Request request = short_request();
  request.max_seconds = 4;
  const Audio marked = opened(small_engine().speak(request, small_voice()));
  CHECK(detection(marked.samples).found);
}

TEST_CASE("a_sound_that_cannot_be_marked_is_refused_with_the_place") {
  if (!has_watermark()) return;
  std::vector<float> samples = some_sound();
  CHECK(watermarker().mark(samples, 7999).error().code == ErrorCode::option_invalid);
  CHECK(watermarker().detect(samples, 192001).error().code == ErrorCode::option_invalid);
  samples[77] = std::numeric_limits<float>::quiet_NaN();
  CHECK(watermarker().mark(samples, sample_rate).error().sentence.find("77") != std::string::npos);
  CHECK(watermarker().detect(samples, sample_rate).error().code == ErrorCode::audio_invalid);
  CHECK(watermarker().detect(std::vector<float>{}, sample_rate).error().code == ErrorCode::audio_invalid);
  CHECK(watermarker().mark({}, sample_rate).value().empty());
  CHECK(watermarker().detect("no-such-file.wav").error().code == ErrorCode::audio_invalid);
}

TEST_CASE("a_watermarker_without_its_network_says_how_to_get_it") {
  const auto none = Watermarker::open({.watermark_weights = "no-such-file"});
  REQUIRE(!none.ok());
  CHECK(none.error().code == ErrorCode::model_missing);
  CHECK(none.error().fix.find("tools/get_watermark.sh") != std::string::npos);
}

TEST_CASE("what_does_not_ship_is_not_found") {
  CHECK(find_shipped("no-such-file").empty());
}

// The watermark put into samples and found again, beside upstream's on a small network. With the real one:
// tests/api/watermark_test.cpp and tests/live/watermark.py.
#include "synthesis/watermark.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "audio/polyphase.hpp"
#include "base/failure.hpp"
#include "kernels/cpu/cpu.hpp"
#include "models/perth/facts.hpp"
#include "synthesis/golden_model.hpp"
#include "synthesis/pipeline.hpp"
#include "watermark_goldens.hpp"

using namespace nightingale;
using test::Said;
using test::say;
using test::watermark_reference;
using test::watermark_tolerance;

namespace {

constexpr int rate = 24000;

struct Small {
  std::unique_ptr<Ops> op = make_cpu({1});
  Watermark watermark;

  explicit Small(std::size_t block_frames = 3000)
      : watermark(test::small_watermark(), *op, block_frames) {}
};

}  // namespace

TEST_CASE("watermark_marks_as_upstream_marks") {
  const Small small;
  const std::vector<float> marked = small.watermark.mark(watermark_reference("samples"), rate);
  CHECK(testing::close(marked, watermark_reference("marked"), watermark_tolerance));
}

TEST_CASE("watermark_is_as_sure_as_upstream") {
  const Small small;
  const std::vector<float> confidence = watermark_reference("confidence");
  CHECK(small.watermark.detect(watermark_reference("samples"), rate) ==
        doctest::Approx(confidence[0]).epsilon(watermark_tolerance));
  CHECK(small.watermark.detect(watermark_reference("marked"), rate) ==
        doctest::Approx(confidence[1]).epsilon(watermark_tolerance));
}

TEST_CASE("watermark_resamples_for_detection_as_scipy_does") {
  const std::vector<float> all = watermark_reference("samples");
  const auto samples = std::span(all).first(400);
  CHECK(testing::close(resample_polyphase(samples, 8000, 32000), watermark_reference("polyphase.8000"),
                       watermark_tolerance));
  CHECK(testing::close(resample_polyphase(samples, 44100, 32000), watermark_reference("polyphase.44100"),
                       watermark_tolerance));
}

TEST_CASE("watermark_does_not_depend_on_how_many_frames_the_network_sees_at_once") {
  const Small whole, blocks(7);
  const std::vector<float> samples = watermark_reference("samples");
  CHECK(testing::close(blocks.watermark.mark(samples, rate), whole.watermark.mark(samples, rate), 1e-6));
  CHECK(blocks.watermark.detect(samples, rate) ==
        doctest::Approx(whole.watermark.detect(samples, rate)).epsilon(1e-6));
}

TEST_CASE("watermark_gives_as_many_samples_as_it_took_and_keeps_the_last_ones") {
  const Small small;
  std::vector<float> samples = watermark_reference("samples");
  samples.resize(samples.size() - 123);  // ends between two hops
  const std::vector<float> marked = small.watermark.mark(samples, rate);
  REQUIRE(marked.size() == samples.size());
  const auto energy = [](std::span<const float> some) {
    double sum = 0;
    for (const float sample : some) sum += double{sample} * sample;
    return sum;
  };
  const auto last = [](const std::vector<float>& some) { return std::span(some).last(100); };
  CHECK(energy(last(marked)) > 0.1 * energy(last(samples)));
}

TEST_CASE("watermark_takes_sounds_of_any_length") {
  const Small small;
  const std::vector<float> samples = watermark_reference("samples");
  for (const std::size_t count : {0U, 1U, 2U, 767U, 768U, 769U, 1000U}) {
    CAPTURE(count);
    const auto some = std::span(samples).first(count);
    const std::vector<float> marked = small.watermark.mark(some, rate);
    CHECK(marked.size() == count);
    CHECK(std::ranges::all_of(marked, [](float sample) { return std::isfinite(sample); }));
    const double confidence = small.watermark.detect(some, rate);
    CHECK((confidence >= 0 && confidence <= 1));
  }
}

TEST_CASE("watermark_leaves_silence_silent_and_finds_nothing_in_it") {
  const Small small;
  const std::vector<float> silence(5000);
  const std::vector<float> marked = small.watermark.mark(silence, rate);
  CHECK(std::ranges::all_of(marked, [](float sample) { return std::abs(sample) < 1e-6; }));
  CHECK(small.watermark.detect(silence, rate) == 0);
}

TEST_CASE("watermark_refuses_a_network_that_is_another") {
  const std::unique_ptr<Ops> op = make_cpu({1});
  CHECK_THROWS_AS(Watermark(test::golden("english/model/t3_cfg.safetensors"), *op), Failure);
  CHECK_THROWS_AS(Watermark("no-such-file.safetensors", *op), Failure);
}

TEST_CASE("what_is_spoken_is_marked_as_a_whole_when_the_model_has_a_watermark") {
  const test::Golden plain("english");
  const Model marking(plain.model.folder(), make_cpu({1}), test::small_watermark());
  Request request;
  request.text = "Hello, nightingale.";
  request.max_seconds = 0.4;
  request.steps = 1;
  const Said unmarked = say(plain.model, plain.voice, request);
  const Said marked = say(marking, plain.voice, request);
  CHECK_FALSE(unmarked.watermarked);
  CHECK(marked.watermarked);
  std::vector<float> expected = marking.watermark()->mark(unmarked.sound, rate);
  for (float& sample : expected) sample = std::clamp(sample, -1.0F, 1.0F);
  CHECK(marked.sound == expected);
  CHECK(marked.sound != unmarked.sound);
}

TEST_CASE("what_is_spoken_is_marked_when_it_ends_early") {
  const test::Golden golden("english");
  const Model marking(golden.model.folder(), make_cpu({1}), test::small_watermark());
  Request request;
  request.text = "Hello, nightingale.";
  request.max_seconds = 1;
  request.steps = 1;
  request.progress = [](const Progress& where) { return where.done >= 5 ? Going::finish : Going::on; };
  const Said spoken = say(marking, golden.voice, request);
  CHECK_FALSE(spoken.whole);
  CHECK(spoken.watermarked);
}

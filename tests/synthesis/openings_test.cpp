// Which voices' openings a model keeps.
#include "synthesis/openings.hpp"

#include <doctest/doctest.h>

#include "golden_model.hpp"

using namespace nightingale;

namespace {

struct Kept {
  test::Golden golden{"english"};
  VoiceArrays& voice = golden.voice;

  std::shared_ptr<t3::Opening> of(float emotion) {
    return golden.model.openings().of(golden.model.ops(), golden.model.t3(), voice, emotion);
  }
};

}  // namespace

TEST_CASE("a_voice_that_speaks_again_has_its_opening") {
  Kept kept;
  const auto first = kept.of(0.5F);
  CHECK(kept.of(0.5F) == first);
  CHECK(kept.of(0.7F) != first);
  CHECK(kept.of(0.5F) == first);
  kept.voice.origin = "elsewhere";  // and what the flow hears
  kept.voice.prompt.pop_back();
  CHECK(kept.of(0.5F) == first);
  kept.voice.condition_prompt.front() ^= 1;
  CHECK(kept.of(0.5F) != first);
  kept.voice.condition_prompt.front() ^= 1;
  kept.voice.speaker.back() += 0.1F;
  CHECK(kept.of(0.5F) != first);
}

TEST_CASE("the_opening_that_was_not_used_for_longest_goes") {
  Kept kept;
  const auto first = kept.of(0.0F), second = kept.of(0.1F);
  for (std::size_t other = 2; other < Openings::most_kept; ++other) {
    kept.of(static_cast<float>(other) / 10);
  }
  kept.of(0.0F);
  kept.of(1.0F);
  CHECK(kept.of(0.0F) == first);
  CHECK(kept.of(0.1F) != second);
}

TEST_CASE("a_text_is_spoken_as_before_whatever_was_spoken_in_between") {
  for (const Precision precision : {Precision::f32, Precision::int8}) {
    const test::Golden golden("english", make_cpu({1}), {.t3 = precision});
    Request request;
    request.text = "Hello, nightingale.";
    request.max_seconds = 0.32;  // 8 tokens
    request.steps = 2;
    const auto before = test::say(golden.model, golden.voice, request);
    Request longer = request;
    longer.text = "Nobody hears it, for the night is long and the garden is far away from every house.";
    const auto between = test::say(golden.model, golden.voice, longer);
    CHECK(test::say(golden.model, golden.voice, request).sound == before.sound);
    CHECK(test::say(test::Golden("english", make_cpu({1}), {.t3 = precision}).model, golden.voice, longer)
              .sound == between.sound);
  }
}

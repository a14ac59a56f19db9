// Reading numbers as named lengths. The lengths here are those of Chatterbox, but fit knows none of them.
#include "tensor/fit.hpp"

#include <doctest/doctest.h>

#include "base/failure.hpp"

namespace nightingale {
namespace {

struct World {
  Axis batch = unknown("batch");
  Axis prompt = unknown("prompt");
  Axis prompt_frame = unknown("prompt_frame");
  Axis speech = unknown("speech");
  Axis token{"token", prompt.size + speech.size};
  Axis frame{"frame", 2 * (prompt.size + speech.size)};
  Axis out_frame{"frame", frame.size - prompt_frame.size};
  Axis spectrum{"spectrum", 120 * out_frame.size + 1};
  Axis mel{"mel", 80};
  Lengths known;

  World() {
    known.set(prompt, 250, "the voice");
    known.set(speech, 32, "t3");
  }
  std::string related(std::int64_t found, const Axis& declared) const {
    return text_of(relate(found, declared.size, known), found, declared.size, known);
  }
};

TEST_CASE("factored_puts_common_factors_in_front") {
  const World world;
  CHECK(factored(world.frame.size) == "2·(prompt + speech)");
  CHECK(factored(world.out_frame.size) == "2·(prompt + speech) − prompt_frame");
  CHECK(factored(world.spectrum.size) == "120·(2·(prompt + speech) − prompt_frame) + 1");
  CHECK(factored(2 * world.token.size - 1) == "2·(prompt + speech) − 1");
  CHECK(factored(2 * world.speech.size) == "2·speech");
  CHECK(factored(world.prompt.size - world.speech.size) == "prompt − speech");
  CHECK(factored(80) == "80");
}

TEST_CASE("evaluated_puts_the_known_values_in") {
  World world;
  CHECK(evaluated(world.frame.size, world.known) == "2·(250 + 32)");
  CHECK(evaluated(world.out_frame.size, world.known) == "2·(250 + 32) − prompt_frame");
  world.known.set(world.prompt_frame, 501, "the voice");
  CHECK(evaluated(world.out_frame.size, world.known) == "2·(250 + 32) − 501");
  CHECK(values_of(world.frame.size, world.known) == "prompt = 250, speech = 32");
  CHECK(values_of(world.mel.size, world.known).empty());
}

TEST_CASE("relate_finds_the_term_that_was_left_out") {
  World world;
  CHECK(world.related(64, world.frame) == "64 leaves the prompt out, 564 has it");
  CHECK(world.related(500, world.frame) == "500 leaves the speech out, 564 has it");
  const Relation relation = relate(64, world.frame.size, world.known);
  CHECK(factored(relation.formula.value()) == "2·speech");
  world.known.set(world.prompt_frame, 501, "a clip of odd length");
  CHECK(world.related(63, world.frame) == "63 leaves the prompt_frame out, 564 has it");
}

TEST_CASE("relate_tells_a_size_that_was_not_cut_from_one_that_lost_a_term") {
  World world;
  world.known.set(world.prompt_frame, 500, "the voice");
  CHECK(world.related(564, world.out_frame) == "564 still holds the prompt_frame, 64 does not");
}

TEST_CASE("relate_finds_the_term_that_was_left_out_of_a_formula") {
  const World world;
  const Lengths none;
  const Relation trimmed = relate(2 * world.speech.size, world.frame.size, none);
  CHECK(text_of(trimmed, 2 * world.speech.size, world.frame.size, none) ==
        "2·speech leaves the prompt out, 2·(prompt + speech) has it");
  const Relation cut = relate(world.out_frame.size, world.frame.size, none);
  CHECK(cut.kind == Relation::Kind::leaves_out);
  CHECK(words_of(cut.missing) == "the prompt_frame");
  // One more than declared is no missing term, and neither is another length.
  CHECK(relate(world.frame.size + 1, world.frame.size, none).offset == 1);
  CHECK(relate(world.prompt_frame.size, world.frame.size, none).kind == Relation::Kind::other);
}

TEST_CASE("relate_knows_the_formulas_that_people_confuse") {
  const World world;
  CHECK(world.related(282, world.frame) == "282 is half of 564");
  CHECK(world.related(1128, world.frame) == "1128 is twice 564");
  CHECK(world.related(563, world.token) == "563 is 2·282 − 1, the rows of a table of relative positions");
  CHECK(world.related(565, world.frame) == "565 is 1 more than 564");
  CHECK(world.related(560, world.frame) == "560 is 4 less than 564");
  CHECK(world.related(564, world.frame) == "564 is 564");
}

TEST_CASE("fits_lists_what_a_number_may_be") {
  const World world;
  const std::vector<Axis> vocabulary{world.mel, world.speech, world.token, world.frame, {"width", 64}};
  const auto texts = [&](std::int64_t number, const Lengths& lengths) {
    std::string out;
    for (const Fit& found : fits(number, vocabulary, lengths)) {
      const Axis& axis = vocabulary[found.word];
      out += std::string(axis.name.text()) + ": " + text_of(found, number, axis.size, lengths) + "\n";
    }
    return out;
  };
  CHECK(texts(564, world.known) == "frame: 564 = 2·(250 + 32) = 2·(prompt + speech)\n");
  CHECK(texts(32, world.known) == "speech: 32 = speech\n");
  CHECK(texts(563, world.known).empty());
  CHECK(texts(64, {}) ==
        "speech: speech = 64\n"
        "token: prompt + speech = 64\n"
        "frame: 64 = 2·(prompt + speech) with prompt + speech = 32\n"
        "width: 64\n");
  // An odd number is no frame, whatever the lengths.
  CHECK(texts(563, {}) == "speech: speech = 563\ntoken: prompt + speech = 563\n");
  Lengths prompt_only;
  prompt_only.set(world.prompt, 250, "the voice");
  CHECK(texts(564, prompt_only) ==
        "speech: speech = 564\ntoken: 564 = prompt + speech with speech = 314\n"
        "frame: 564 = 2·(prompt + speech) with speech = 32\n");
  CHECK(texts(-1, {}).empty());
  CHECK(texts(0, {}).empty());
}

TEST_CASE("name_axes_finds_the_order_of_bare_numbers") {
  const World world;
  const Shape declared{world.batch, world.frame, world.mel};
  const auto named = [&](std::vector<std::int64_t> numbers) {
    return name_axes(numbers, declared, world.known).text();
  };
  CHECK(named({1, 564, 80}) == "[batch 1, frame 564, mel 80]");
  CHECK(named({1, 80, 564}) == "[batch 1, mel 80, frame 564]");
  CHECK(named({1, 80, 64}) == "[batch 1, mel 80, frame 64]");
  CHECK(named({80, 564, 1}) == "[mel 80, frame 564, batch 1]");
  CHECK(named({2, 564, 80}) == "[batch 2, frame 564, mel 80]");
  // What fits nothing takes the name that is left over.
  CHECK(named({1, 80, 77}) == "[batch 1, mel 80, frame 77]");
  CHECK(named({564, 80}) == "[frame 564, mel 80]");
  CHECK(named({1, 1, 564, 80}) == "[batch 1, ? 1, frame 564, mel 80]");
  CHECK_THROWS_AS(named({1, 1, 1, 1, 564, 80}), Failure);
}

TEST_CASE("name_axes_keeps_the_declared_order_when_both_fit") {
  World world;
  world.known.set(world.prompt, 30, "the voice");
  world.known.set(world.speech, 10, "t3");
  const std::vector<std::int64_t> square{1, 80, 80};
  CHECK(name_axes(square, {world.batch, world.frame, world.mel}, world.known).text() ==
        "[batch 1, frame 80, mel 80]");
}

}  // namespace
}  // namespace nightingale

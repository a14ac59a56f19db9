// The algebra of sizes and shapes: what is equal, what divides, and how it is printed.
#include "tensor/axes.hpp"

#include <doctest/doctest.h>

namespace nightingale {
namespace {

struct Tokens {
  Axis prompt = unknown("prompt");
  Axis speech = unknown("speech");
  Size frames = 2 * (prompt.size + speech.size);
};

TEST_CASE("sizes_are_equal_when_their_formulas_are_however_they_were_written") {
  const Tokens t;
  CHECK(t.frames == 2 * t.speech.size + 2 * t.prompt.size);
  CHECK(t.frames - 2 * t.prompt.size == 2 * t.speech.size);
  CHECK_FALSE(t.frames == t.frames + 1);
  CHECK_FALSE(Size(t.prompt) == Size(t.speech));
  CHECK(Size(7) + 3 * Size(2) == Size(13));
}

TEST_CASE("a_size_whose_symbols_cancel_is_a_number") {
  const Tokens t;
  const Size difference = t.frames + 5 - t.frames;
  REQUIRE(difference.is_number());
  CHECK(difference.number() == 5);
  CHECK((0 * t.frames).is_number());
}

TEST_CASE("symbols_of_one_name_are_different_unless_copied") {
  const Symbol first("frame");
  const Symbol second("frame");
  const Symbol copy = first;
  CHECK_FALSE(Size(first) == Size(second));
  CHECK(Size(first) == Size(copy));
}

TEST_CASE("division_is_exact_for_every_value_of_the_symbols_or_refused") {
  const Tokens t;
  CHECK(*t.frames.divided(2) == t.prompt.size + t.speech.size);
  CHECK_FALSE(t.frames.divided(4).has_value());
  CHECK_FALSE((3 * t.prompt.size).divided(2).has_value());
  // The constant is floored: ⌊(2p + 3)/2⌋ = p + 1, ⌊(2p − 3)/2⌋ = p − 2 for every p.
  CHECK(*(2 * t.prompt.size + 3).divided(2) == t.prompt.size + 1);
  CHECK(*(2 * t.prompt.size - 3).divided(2) == t.prompt.size - 2);
  CHECK(*Size(-1).divided(4) == Size(-1));
  CHECK(*Size(7).divided(4) == Size(1));
}

TEST_CASE("formulas_print_in_the_order_their_symbols_were_made") {
  const Tokens t;
  CHECK((2 * t.speech.size + 2 * t.prompt.size - 1).text() == "2·prompt + 2·speech − 1");
  CHECK((Size(3) - t.prompt.size).text() == "−prompt + 3");
  CHECK((t.speech.size - t.prompt.size).text() == "−prompt + speech");
  CHECK(Size(-4).text() == "-4");
  CHECK(Size(t.prompt).text() == "prompt");
}

TEST_CASE("axes_print_as_name_and_number_or_name_and_formula_or_name_alone") {
  const Tokens t;
  CHECK(Axis{"mel", 80}.text() == "mel 80");
  CHECK(Axis{"frame", t.frames}.text() == "frame = 2·prompt + 2·speech");
  CHECK(t.prompt.text() == "prompt");
  CHECK(Shape{{"batch", 1}, {"frame", t.frames}, {"mel", 80}}.formula() ==
        "[batch 1, frame = 2·prompt + 2·speech, mel 80]");
}

TEST_CASE("solved_symbols_count_as_their_value_and_remember_who_said_so") {
  const Tokens t;
  const Symbol prompt = t.prompt.size.terms().front().first;
  CHECK_FALSE(prompt.known());
  prompt.solve(250, "the voice");
  CHECK(prompt.origin() == "the voice");
  CHECK(t.frames.resolved() == 500 + 2 * t.speech.size);
  CHECK_FALSE(t.frames == 500 + 2 * t.speech.size);  // equality is of formulas: resolve first
  CHECK(Shape{{"frame", t.frames}}.text() == "[frame = 2·speech + 500]");
}

TEST_CASE("lengths_replace_symbols_for_one_request_only") {
  const Tokens t;
  Lengths lengths;
  lengths.set(t.prompt, 250, "the voice");
  lengths.set(t.speech, 30, "a guess");
  lengths.set(t.speech, 32, "t3.generate");
  CHECK(t.frames.at(lengths) == Size(564));
  CHECK(Shape{{"frame", t.frames}, {"mel", 80}}.at(lengths) == Shape{{"frame", 564}, {"mel", 80}});
  CHECK_FALSE(t.frames.resolved().is_number());
  CHECK(lengths.text() == "prompt = 250 (the voice), speech = 32 (t3.generate)");
  CHECK(lengths.all().size() == 2);
}

TEST_CASE("shapes_are_equal_in_names_order_and_sizes") {
  const Shape x{{"batch", 1}, {"frame", 4}, {"mel", 80}};
  CHECK(x == Shape{{"batch", 1}, {"frame", 4}, {"mel", 80}});
  CHECK_FALSE(x == Shape{{"batch", 1}, {"mel", 80}, {"frame", 4}});
  CHECK_FALSE(x == Shape{{"batch", 1}, {"frame", 4}, {"bin", 80}});
  CHECK_FALSE(x == Shape{{"batch", 1}, {"frame", 5}, {"mel", 80}});
  CHECK_FALSE(x == Shape{{"batch", 1}, {"frame", 4}});
}

TEST_CASE("shapes_insert_erase_and_count") {
  Shape x{{"batch", 2}, {"mel", 80}};
  x.insert(1, {"frame", 3});
  CHECK(x == Shape{{"batch", 2}, {"frame", 3}, {"mel", 80}});
  CHECK(x.elements() == 480);
  x.erase(0);
  CHECK(x == Shape{{"frame", 3}, {"mel", 80}});
  CHECK(x.back().name == Name("mel"));
  CHECK(Shape{}.elements() == 1);
  CHECK(Shape{{"row", 0}, {"mel", 80}}.elements() == 0);
}

TEST_CASE("an_axis_is_found_by_name_when_it_is_the_only_one") {
  const Shape x{{"row", 2}, {"mel", 80}, {"row", 2}};
  CHECK(x.find("mel") == 1);
  CHECK_FALSE(x.find("row").has_value());
  CHECK_FALSE(x.find("frame").has_value());
}

TEST_CASE("names_are_equal_by_their_letters") {
  static const char elsewhere[] = "mel";
  constexpr Name name("mel");
  CHECK(name == Name("mel"));
  CHECK_FALSE(name == Name("male"));
  CHECK(name.text() == elsewhere);
}

}  // namespace
}  // namespace nightingale

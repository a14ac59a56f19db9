// Punctuation: upstream's oddities one by one. tests/text/golden_test.cpp compares with upstream itself.
#include "text/normalise.hpp"

#include <doctest/doctest.h>

#include "base/failure.hpp"

namespace nightingale {
namespace {

std::string english(std::string_view text) {
  return normalise_punctuation(text, Punctuation::english);
}
std::string multilingual(std::string_view text) {
  return normalise_punctuation(text, Punctuation::multilingual);
}

TEST_CASE("normalise_begins_with_a_capital_that_may_be_longer_than_the_letter") {
  CHECK(english("hello.") == "Hello.");
  CHECK(english("ßuß.") == "SSuß.");
  CHECK(english("éa.") == "Éa.");
  CHECK(english(" hello.") == "hello.");
}

TEST_CASE("normalise_collapses_every_kind_of_white_space") {
  CHECK(english("A\t b\n\nc\u00a0d\u3000e\x1f f\u2028.") == "A b c d e f .");
}

TEST_CASE("normalise_replaces_marks_after_spaces_are_collapsed") {
  CHECK(english("A... b") == "A,  b.");
  CHECK(english("A… b") == "A,  b.");
  CHECK(english("A - b: c; d — e – f , g") == "A, b, c,  d - e - f, g.");
  CHECK(english("“A” ‘b’") == "\"A\" 'b'.");
}

TEST_CASE("normalise_ends_a_text_in_a_mark") {
  CHECK(english("A") == "A.");
  CHECK(english("A...") == "A,");
  CHECK(english("A-") == "A-");
  CHECK(english("A\"") == "A\".");
  CHECK(english(" \n ") == ".");
}

TEST_CASE("normalise_knows_the_marks_of_chinese_and_japanese_only_in_the_multilingual_list") {
  for (const char* text : {"A、", "A，", "A。", "A？", "A！"}) {
    CHECK(multilingual(text) == text);
    CHECK(english(text) == std::string(text) + ".");
  }
}

TEST_CASE("normalise_asks_for_text_when_there_is_none_as_upstream_does") {
  CHECK(english("") == "You need to add some text for me to talk.");
}

TEST_CASE("normalise_refuses_what_is_not_utf8_and_says_where") {
  for (const char* text : {"ab\xff", "ab\xc3", "ab\xed\xa0\x80", "ab\xc0\x80", "ab\xf5\x80\x80\x80"}) {
    try {
      english(text);
      FAIL("accepted");
    } catch (const Failure& failure) {
      CHECK(failure.error().code == ErrorCode::text_invalid);
      CHECK(failure.error().sentence.find("byte 2 ") != std::string::npos);
    }
  }
}

TEST_CASE("is_blank_finds_texts_of_white_space") {
  for (const char* text : {"", " ", "\t\r\n", "\u00a0\u3000\u2029"}) CHECK(is_blank(text));
  for (const char* text : {".", " a ", "\u200b", "😀"}) CHECK(!is_blank(text));
}

}  // namespace
}  // namespace nightingale

// Chunks of long texts: where they end, and what must never happen.
#include "text/sentences.hpp"

#include <doctest/doctest.h>

#include "base/failure.hpp"
#include "text/unicode.hpp"

namespace nightingale {
namespace {

using Chunks = std::vector<std::string>;

std::string times(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

std::size_t units(const std::string& text) {
  return static_cast<std::size_t>(to_utf16(text).length());
}

std::string joined(const Chunks& chunks) {
  std::string out;
  for (const std::string& chunk : chunks) out += (out.empty() ? "" : " ") + chunk;
  return out;
}

void check_lengths(const Chunks& chunks) {
  for (const std::string& chunk : chunks) {
    CHECK(units(chunk) <= longest_chunk);
    CHECK(!chunk.empty());
    CHECK(stripped(chunk) == chunk);
  }
}

TEST_CASE("sentences_leave_a_short_text_in_one_piece") {
  CHECK(split_into_chunks("Hello there. How are you?", "en") == Chunks{"Hello there. How are you?"});
  CHECK(split_into_chunks("  Hi\n", "") == Chunks{"Hi"});
}

TEST_CASE("sentences_of_a_blank_text_are_none") {
  for (const char* text : {"", " ", "\n\n\u00a0"}) CHECK(split_into_chunks(text, "en").empty());
}

TEST_CASE("sentences_end_chunks_behind_sentences") {
  const std::string sentence = "The nightingale sings by day, and it sings by night. ";
  const Chunks chunks = split_into_chunks(times(sentence, 60), "en");
  CHECK(chunks.size() == 12);
  for (const std::string& chunk : chunks) CHECK(chunk == stripped(times(sentence, 5)));
}

TEST_CASE("sentences_fill_a_chunk_to_its_last_character") {
  const std::string exact = times("word ", longest_chunk / 5 - 1) + "word.";
  REQUIRE(exact.size() == longest_chunk);
  CHECK(split_into_chunks(exact + " Then more.", "en") == Chunks{exact, "Then more."});
}

TEST_CASE("sentences_keep_to_a_smaller_limit_and_to_none_where_a_tag_would_not_fit") {
  const std::string sentence = "The nightingale sings by day, and it sings by night. ";
  CHECK(split_into_chunks(times(sentence, 4), "en", 110) ==
        Chunks{times(sentence, 1) + sentence.substr(0, 52), times(sentence, 1) + sentence.substr(0, 52)});
  const std::string tag = "[" + std::string(40, 't') + "]";
  CHECK(split_into_chunks(times(tag, 3), "en", 1) == Chunks{tag, tag, tag});
  CHECK(split_into_chunks(std::string(400, 'x'), "en", 1000).front().size() == longest_chunk);
}

TEST_CASE("sentences_that_are_too_long_end_chunks_behind_commas_then_spaces_then_characters") {
  const std::string commas = times("one and two 1,000 times, ", 40);
  for (const std::string& chunk : split_into_chunks(commas, "en")) CHECK(chunk.ends_with("times,"));
  const std::string words = times("word ", 400);
  const Chunks spaced = split_into_chunks(words, "en");
  check_lengths(spaced);
  CHECK(joined(spaced) == stripped(words));
  const std::string letters(1000, 'x');
  CHECK(split_into_chunks(letters, "en") ==
        Chunks{std::string(300, 'x'), std::string(300, 'x'), std::string(300, 'x'), std::string(100, 'x')});
}

TEST_CASE("sentences_do_not_end_at_abbreviations_or_at_the_end_of_a_line") {
  const std::string start(250, 'a');
  for (const char* language : {"en", "it", "xx"}) {
    CHECK(
        split_into_chunks(start + ". We met Dr. Smith who had a very long story to tell us all", language) ==
        Chunks{start + ".", "We met Dr. Smith who had a very long story to tell us all"});
  }
  CHECK(split_into_chunks(start + ". We\nmet " + std::string(60, 'b'), "en") ==
        Chunks{start + ".", "We met " + std::string(60, 'b')});
}

TEST_CASE("sentences_end_at_a_paragraph") {
  const std::string heading(200, 'a');
  CHECK(split_into_chunks(heading + "\n\nIt began " + std::string(150, 'b'), "en") ==
        Chunks{heading, "It began " + std::string(150, 'b')});
}

TEST_CASE("sentences_never_end_inside_a_tag") {
  for (std::size_t before = 280; before < 305; ++before) {
    const std::string text = std::string(before, 'x') + "[clear. throat]" + std::string(50, 'y');
    const Chunks chunks = split_into_chunks(text, "en");
    CHECK(chunks.size() == 2);
    CHECK((chunks[0].find("[clear. throat]") != std::string::npos ||
           chunks[1].find("[clear. throat]") != std::string::npos));
  }
}

TEST_CASE("sentences_take_a_long_bracket_for_text") {
  const std::string text = "[" + times("word ", 100) + "]";
  const Chunks chunks = split_into_chunks(text, "en");
  check_lengths(chunks);
  CHECK(chunks.size() == 2);
}

TEST_CASE("sentences_keep_what_a_reader_sees_as_one_character") {
  const std::string family = "👩‍👩‍👧";  // 8 units
  const Chunks chunks = split_into_chunks(times(family, 100), "en");
  check_lengths(chunks);
  CHECK(chunks[0] == times(family, 37));
  const std::string marked = "e" + times("\u0301", 1000);
  check_lengths(split_into_chunks(marked, "en"));
}

TEST_CASE("sentences_find_ends_without_spaces") {
  const std::string sentence = "夜莺白天歌唱，夜里也歌唱。";  // 13 units
  const Chunks chunks = split_into_chunks(times(sentence, 100), "zh");
  check_lengths(chunks);
  for (const std::string& chunk : chunks) CHECK(chunk.ends_with("。"));
  for (const std::string& chunk : split_into_chunks(times("夜莺白天歌唱，", 100), "zh"))
    CHECK(chunk.ends_with("，"));
}

TEST_CASE("sentences_of_a_book_take_no_longer_for_each_than_those_of_a_page") {
  for (const std::string& text : {std::string(300000, 'x'), times("[a.]", 50000), times("Dr. ", 50000)}) {
    check_lengths(split_into_chunks(text, "en"));
  }
}

TEST_CASE("sentences_refuse_what_is_not_utf8") {
  CHECK_THROWS_AS(split_into_chunks("a\xff", "en"), Failure);
}

}  // namespace
}  // namespace nightingale

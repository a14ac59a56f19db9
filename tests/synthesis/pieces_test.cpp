// How a text is broken up for a T3 of any size: by the rows of its tables of positions.
#include "synthesis/pieces.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "base/failure.hpp"
#include "checkpoint/files.hpp"
#include "goldens.hpp"

using namespace nightingale;

namespace {

constexpr Positions plenty{2050, 4100};  // upstream's

std::vector<std::size_t> lengths_of(const std::string& text, const Positions& held) {
  static const Tokenizer tokenizer = Tokenizer::open(test::golden("english/model/tokenizer.json"));
  Request request;
  request.text = text;
  std::vector<std::size_t> lengths;
  for (const auto& ids : pieces_of(request, tokenizer, held)) lengths.push_back(ids.size());
  return lengths;
}

std::string digits(std::size_t count) {
  return std::string(count, '7');  // no merge of the tokenizer makes fewer of them
}

}  // namespace

TEST_CASE("a_piece_is_as_long_as_the_shorter_of_the_tables_allows") {
  CHECK(longest_piece(plenty) == 300);
  CHECK(longest_piece({514, 1028}) == 300);
  CHECK(longest_piece({203, 1028}) == 200);  // start, stop, a full stop
  CHECK(longest_piece({514, 400}) == 200);   // two speech tokens for each character
  CHECK(longest_piece({10, 10}) == 64);
  CHECK(longest_piece({1, 1}) == 64);
}

TEST_CASE("a_text_is_broken_up_for_the_tables_of_the_model") {
  CHECK(lengths_of(digits(500), plenty) == std::vector<std::size_t>{303, 203});
  CHECK(lengths_of(digits(500), {203, 4100}) == std::vector<std::size_t>{203, 203, 103});
  CHECK(lengths_of(digits(500), {2050, 400}) == std::vector<std::size_t>{203, 203, 103});
}

// An ellipsis becomes a comma and a space: four characters, five ids.
TEST_CASE("a_piece_of_more_ids_than_the_table_has_rows_is_broken_up_further") {
  std::string text;
  for (int i = 0; i < 70; ++i) text += "7…7 ";
  const std::vector<std::size_t> lengths = lengths_of(text, {203, 4100});
  CHECK(lengths.size() > 2);
  CHECK(*std::max_element(lengths.begin(), lengths.end()) <= 203);
}

TEST_CASE("a_piece_that_cannot_be_broken_up_stays_too_long") {
  CHECK(lengths_of(digits(64), {40, 4100}) == std::vector<std::size_t>{67});
}

TEST_CASE("a_blank_text_has_no_pieces") {
  for (const char* text : {"", " \n", "\u00a0"}) {
    CHECK(test::error_of([&] { lengths_of(text, plenty); }).sentence == "there is no text to speak");
  }
}

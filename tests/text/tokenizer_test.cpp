// The room's door: kinds of tokenizer, languages, padding, and upstream's own file where it is at hand.
#include "text/tokenizer.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <iostream>

#include "base/failure.hpp"
#include "text/languages.hpp"

namespace nightingale {
namespace {

const std::string fixtures = NIGHTINGALE_SOURCE "/tests/fixtures/tokenizers/";

Tokenizer english() {
  return Tokenizer::open(fixtures + "tokenizer.json");
}
Tokenizer multilingual() {
  return Tokenizer::open(fixtures + "grapheme_mtl_merged_expanded_v1.json");
}

Error error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Failure& failure) {
    return failure.error();
  }
  FAIL("nothing was refused");
  return {};
}

TEST_CASE("tokenizer_knows_its_kind_by_the_tokens_not_the_file_name") {
  CHECK(!english().multilingual());
  CHECK(multilingual().multilingual());
  CHECK(multilingual().vocabulary_size() == 2454);
}

TEST_CASE("tokenizer_puts_start_before_and_stop_behind") {
  CHECK(with_start_and_stop({7, 8}) == std::vector<TokenId>{255, 7, 8, 0});
  CHECK(with_start_and_stop({}) == std::vector<TokenId>{255, 0});
}

TEST_CASE("tokenizer_of_english_refuses_other_languages") {
  const Tokenizer tokenizer = english();
  CHECK(tokenizer.encode("Hi", "en") == tokenizer.encode("Hi", ""));
  const Error error = error_of([&] { tokenizer.encode("Hi", "nl"); });
  CHECK(error.code == ErrorCode::option_invalid);
  CHECK(error.sentence == "this model speaks English only, not Dutch");
}

// As the small model's: single characters, no merges, lower case.
TEST_CASE("tokenizer_of_single_characters_reads_both_cases_and_knows_what_it_does_not_know") {
  const Tokenizer tokenizer(TokenizerJson::parse(R"({
    "added_tokens": [{"id": 0, "content": "[STOP]", "normalized": false, "special": true},
                     {"id": 1, "content": "[UNK]", "normalized": false, "special": true},
                     {"id": 2, "content": "[SPACE]", "normalized": false, "special": true},
                     {"id": 255, "content": "[START]", "normalized": false, "special": true}],
    "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "Whitespace"},
    "model": {"type": "BPE", "unk_token": "[UNK]", "merges": [],
              "vocab": {"[STOP]": 0, "[UNK]": 1, "[SPACE]": 2, "h": 3, "i": 4, "'": 5, "!": 6, "?": 7,
                        "[START]": 255}}})",
                                                 "tokenizer.json"));
  CHECK(tokenizer.encode("Hi", "") == std::vector<TokenId>{3, 4});
  CHECK(tokenizer.encode("HI hi?!", "en") == std::vector<TokenId>{3, 4, 2, 3, 4, 7, 6});
  CHECK(tokenizer.encode("hi' \u00e9\u00c9", "") == std::vector<TokenId>{3, 4, 5, 2, 1, 1});
  CHECK(tokenizer.vocabulary_size() == 256);
  CHECK(!tokenizer.multilingual());
}

TEST_CASE("tokenizer_takes_a_language_in_upper_case") {
  const Tokenizer tokenizer = multilingual();
  CHECK(tokenizer.encode("Hoi", "NL") == tokenizer.encode("Hoi", "nl"));
}

TEST_CASE("tokenizer_lists_the_languages_when_one_is_unknown") {
  const Tokenizer tokenizer = multilingual();
  const Error error = error_of([&] { tokenizer.encode("Hi", "xx\xff"); });
  CHECK(error.code == ErrorCode::option_invalid);
  CHECK(error.sentence == "\"xx?\" is not a language of the multilingual model");
  for (const Language& language : languages()) CHECK(error.fix.find(language.name) != std::string::npos);
  CHECK(languages().size() == 23);
}

TEST_CASE("tokenizer_says_that_chinese_and_japanese_are_not_built") {
  const Tokenizer tokenizer = multilingual();
  for (const char* language : {"zh", "ja"}) {
    CHECK(error_of([&] { tokenizer.encode("你好", language); }).code == ErrorCode::unsupported);
  }
}

TEST_CASE("prepare_lowers_decomposes_and_tags") {
  CHECK(prepare("ΟΔΟΣ İ Å", language_of("el")) == "[el]οδος i\u0307 a\u030a");
  CHECK(prepare("  한 ", language_of("ko")) == "[ko]\u1112\u1161\u11ab");
  CHECK(prepare(" a ", language_of("nl")) == "[nl] a ");
}

TEST_CASE("tokenizer_refuses_text_that_is_not_utf8") {
  const Tokenizer tokenizer = english();
  CHECK(error_of([&] { tokenizer.encode("a\x80", "en"); }).code == ErrorCode::text_invalid);
}

TEST_CASE("tokenizer_needs_start_and_stop") {
  const std::string json = R"({"model":{"type":"BPE","vocab":{"[STOP]":0},"merges":[]}})";
  const Error error = error_of([&] { Tokenizer(TokenizerJson::parse(json, "t.json"), "t.json"); });
  CHECK(error.code == ErrorCode::model_mismatch);
  CHECK(error.sentence == "t.json has no token [START]");
}

TEST_CASE("tokenizer_says_when_a_multilingual_file_lacks_a_language") {
  const std::string json =
      R"({"model":{"type":"BPE","vocab":{"[STOP]":0,"[START]":1,"[en]":2},"merges":[]}})";
  const Tokenizer tokenizer(TokenizerJson::parse(json, "t.json"));
  const Error error = error_of([&] { tokenizer.encode("Hoi", "nl"); });
  CHECK(error.code == ErrorCode::model_mismatch);
  CHECK(error.sentence == "this model's tokenizer has no tag [nl] for Dutch");
}

// Upstream's own file; the ids are upstream's (step1_text_tokens of the reference folders).
TEST_CASE("tokenizer_reads_upstreams_english_file") {
  const std::string path = NIGHTINGALE_SOURCE "/../shared/reference/tiny-samantha/model/tokenizer.json";
  if (!std::filesystem::exists(path)) {
    std::cout << "skipped: " << path << " is not here\n";
    return;
  }
  const Tokenizer tokenizer = Tokenizer::open(path);
  CHECK(!tokenizer.multilingual());
  CHECK(tokenizer.vocabulary_size() == 704);
  CHECK(tokenizer.encode("Hello world.", "en") == std::vector<TokenId>{284, 18, 84, 28, 2, 179, 79, 9});
}

}  // namespace
}  // namespace nightingale

// The loader of tokenizer.json: what each part means, what is refused, and files that mean harm.
#include "text/tokenizer_json.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/failure.hpp"

namespace nightingale {
namespace {

using Ids = std::vector<TokenId>;

// A file around a model: ids a 0, b 1, c 2, ab 3, abc 4, [UNK] 5, . 6.
constexpr std::string_view vocabulary = R"({"a":0,"b":1,"c":2,"ab":3,"abc":4,"[UNK]":5,".":6})";

struct Parts {
  std::string added = "[]";
  std::string normalizer = "null";
  std::string pre_tokenizer = "null";
  std::string vocab = std::string(vocabulary);
  std::string merges = R"(["a b","ab c"])";
  std::string options = "";  // of the model, with a leading comma
  std::string more = "";     // of the file
};

std::string file(const Parts& parts) {
  return fmt::format(R"({{"added_tokens":{},"normalizer":{},"pre_tokenizer":{},)"
                     R"("model":{{"type":"BPE","vocab":{},"merges":{}{}}}{}}})",
                     parts.added, parts.normalizer, parts.pre_tokenizer, parts.vocab, parts.merges,
                     parts.options, parts.more);
}

TokenizerJson load(const Parts& parts) {
  return TokenizerJson::parse(file(parts), "t.json");
}

std::string added(std::string_view content, int id, std::string_view flags = "") {
  return fmt::format(R"([{{"content":"{}","id":{}{}}}])", content, id, flags);
}

Error refusal(const std::string& json) {
  try {
    TokenizerJson::parse(json, "t.json");
  } catch (const Failure& failure) {
    return failure.error();
  }
  FAIL("accepted: " << json.substr(0, 200));
  return {};
}

std::string sentence(const Parts& parts) {
  return refusal(file(parts)).sentence;
}

TEST_CASE("tokenizer_json_merges_by_rank_and_leftmost_first") {
  CHECK(load({}).encode("abcab") == Ids{4, 3});
  CHECK(load({.vocab = R"({"a":0,"b":1,"c":2,"ab":3,"bc":4})", .merges = R"(["b c","a b"])"}).encode("abc") ==
        Ids{0, 4});
  CHECK(load({.vocab = R"({"a":0,"aa":1})", .merges = R"(["a a"])"}).encode("aaaaa") == Ids{1, 1, 0});
}

TEST_CASE("tokenizer_json_reads_merges_as_pairs") {
  CHECK(load({.merges = R"([["a","b"],["ab","c"]])"}).encode("abc") == Ids{4});
}

TEST_CASE("tokenizer_json_leaves_out_unknown_characters_unless_a_token_stands_for_them") {
  CHECK(load({}).encode("axb") == Ids{3});
  CHECK(load({.options = R"(,"unk_token":"[UNK]")"}).encode("axyb") == Ids{0, 5, 5, 1});
  CHECK(load({.options = R"(,"unk_token":"[UNK]","fuse_unk":true)"}).encode("axyb") == Ids{0, 5, 1});
}

TEST_CASE("tokenizer_json_marks_the_inside_and_the_end_of_words") {
  const Parts parts{.pre_tokenizer = R"({"type":"Whitespace"})",
                    .vocab = R"({"a":0,"#a":1,"#a/":2,"a/":3,"aa/":4})",
                    .merges = R"(["a #a/"])",
                    .options = R"(,"continuing_subword_prefix":"#","end_of_word_suffix":"/")"};
  CHECK(load(parts).encode("a aa aaa") == Ids{3, 4, 0, 1, 2});
}

TEST_CASE("tokenizer_json_splits_words_from_marks") {
  const Parts parts{.pre_tokenizer = R"({"type":"Whitespace"})",
                    .vocab = R"({"a":0,".":1,"a.":2,"é":3,"\u0301":4,"e":5,"e\u0301":6,"é":7})",
                    .merges = R"(["a .", "e \u0301"])"};
  CHECK(load(parts).encode("a. a") == Ids{0, 1, 0});
  CHECK(load(parts).encode("e\u0301") == Ids{6});
  const Parts joiners{.pre_tokenizer = parts.pre_tokenizer,
                      .vocab = R"({"a":0,"_":1,"\u200d":2,"a_":3,"a_\u200d":4})",
                      .merges = R"(["a _", "a_ \u200d"])"};
  CHECK(load(joiners).encode("a_\u200d") == Ids{4});
}

TEST_CASE("tokenizer_json_cuts_added_tokens_out_first_the_longest_of_them") {
  const std::string two = R"([{"content":"b","id":1},{"content":"bc","id":7}])";
  CHECK(load({.added = two}).encode("abcab") == Ids{0, 7, 0, 1});
}

TEST_CASE("tokenizer_json_obeys_the_flags_of_added_tokens") {
  const auto with = [](std::string_view flags) { return load({.added = added("b", 1, flags)}); };
  CHECK(with(R"(,"single_word":true)").encode("ab b.b") == Ids{3, 1, 6, 1});
  const Parts spaces{.added = added("b", 1, R"(,"lstrip":true,"rstrip":true)"),
                     .vocab = R"({"a":0,"b":1," ":2})",
                     .merges = "[]"};
  CHECK(load(spaces).encode("a  b  a b") == Ids{0, 1, 0, 1});
  Parts plain = spaces;
  plain.added = added("b", 1);
  CHECK(load(plain).encode("a b a") == Ids{0, 2, 1, 2, 0});
}

TEST_CASE("tokenizer_json_matches_a_normalized_token_in_the_normalised_text") {
  const std::string lower = R"({"type":"Sequence","normalizers":[{"type":"NFKD"},{"type":"Lowercase"}]})";
  CHECK(load({.added = added("B", 7, R"(,"normalized":true)"), .normalizer = lower}).encode("ABb") ==
        Ids{0, 7, 7});
  CHECK(load({.added = added("B", 7), .normalizer = lower}).encode("ABb") == Ids{0, 7, 1});
}

TEST_CASE("tokenizer_json_knows_the_rows_an_embedding_needs") {
  CHECK(load({}).vocabulary_size() == 7);
  CHECK(load({.added = added("[x]", 99)}).vocabulary_size() == 100);
  CHECK(load({.added = added("[x]", 99)}).id_of("[x]") == 99);
  CHECK(load({}).id_of("nothing") == std::nullopt);
}

TEST_CASE("tokenizer_json_refuses_by_name_what_it_does_not_know") {
  CHECK(sentence({.pre_tokenizer = R"({"type":"ByteLevel"})"}) ==
        "t.json: pre_tokenizer \"ByteLevel\" is not supported");
  CHECK(sentence({.normalizer = R"({"type":"Replace"})"}) ==
        "t.json: normalizer \"Replace\" is not supported");
  CHECK(sentence({.options = R"(,"byte_fallback":true)"}) == "t.json: model.byte_fallback is not supported");
  CHECK(sentence({.options = R"(,"dropout":0.1)"}) == "t.json: model.dropout is not supported");
  CHECK(sentence({.more = R"(,"post_processor":{})"}) == "t.json: post_processor is not supported");
  CHECK(refusal(R"({"model":{"type":"WordPiece"}})").code == ErrorCode::unsupported);
}

TEST_CASE("tokenizer_json_refuses_damaged_files_and_says_where") {
  CHECK(sentence({.merges = R"(["a b","a x"])"}) ==
        "t.json: model.merges[1] merges \"a\" and \"x\", but they or what they make are not in model.vocab");
  CHECK(sentence({.merges = R"(["ab"])"}) ==
        "t.json: model.merges[0] is \"ab\", not two tokens with a space between");
  CHECK(sentence({.merges = "[3]"}) == "t.json: model.merges[0] is not a string");
  CHECK(sentence({.merges = "{}"}) == "t.json: model.merges is not a list");
  CHECK(sentence({.vocab = "[]"}) == "t.json: model.vocab is not an object of tokens and ids");
  CHECK(sentence({.added = added("a", 3)}) ==
        "t.json: added_tokens[0] gives \"a\" the id 3, but it already has the id 0");
  CHECK(sentence({.added = "[4]"}) == "t.json: added_tokens[0] is not an object");
  CHECK(sentence({.options = R"(,"fuse_unk":1)"}) == "t.json: \"fuse_unk\" is neither true nor false");
  CHECK(sentence({.options = R"(,"unk_token":"?")"}) == "t.json: model.unk_token is not in model.vocab");
}

TEST_CASE("tokenizer_json_refuses_ids_that_are_none") {
  for (const char* id : {"-1", "1.5", "2147483648", "1e30", "\"1\"", "null", "18446744073709551616"}) {
    CHECK(sentence({.vocab = fmt::format(R"({{"a":{}}})", id)}) ==
          "t.json: model.vocab[\"a\"] is not an id between 0 and 2147483647");
  }
}

TEST_CASE("tokenizer_json_refuses_what_is_not_json") {
  for (const std::string json :
       {"", "{", "[]", "null", "\xff", "{\"model\":\"\xff\"}", "{\"model\":{}}", "{}"}) {
    CHECK(refusal(json).code == ErrorCode::file_invalid);
  }
  CHECK(refusal("[1, x]").sentence == "t.json: the file is not JSON: byte 5 is where it stops making sense");
}

TEST_CASE("tokenizer_json_refuses_a_million_brackets") {
  CHECK(refusal(std::string(1000000, '[')).sentence == "t.json: the file is nested more than 16 levels deep");
  std::string nested;
  for (int i = 0; i < 100000; ++i) nested += "{\"a\":";
  CHECK(refusal(nested).code == ErrorCode::file_invalid);
}

TEST_CASE("tokenizer_json_refuses_a_file_longer_than_any_tokenizer") {
  CHECK(refusal(std::string((std::size_t{32} << 20) + 1, ' ')).sentence ==
        "t.json: the file is longer than 33554432 bytes");
}

TEST_CASE("tokenizer_json_names_a_file_that_is_not_there") {
  try {
    TokenizerJson::open("nowhere/tokenizer.json");
    FAIL("opened");
  } catch (const Failure& failure) {
    CHECK(failure.error().code == ErrorCode::model_missing);
    CHECK(failure.error().sentence == "nowhere/tokenizer.json cannot be read");
  }
}

TEST_CASE("tokenizer_json_encodes_a_long_word_in_little_time") {
  const TokenizerJson tokenizer =
      load({.vocab = R"({"a":0,"aa":1,"aaaa":2})", .merges = R"(["a a","aa aa"])"});
  const Ids ids = tokenizer.encode(std::string(1 << 18, 'a'));
  CHECK(ids == Ids(1 << 16, 2));
}

}  // namespace
}  // namespace nightingale

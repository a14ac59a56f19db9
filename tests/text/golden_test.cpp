// Every text of tests/goldens/text.json, which tools/make_text_goldens.py writes from upstream's punc_norm,
// EnTokenizer and MTLTokenizer on the tokenizer files of tests/fixtures/tokenizers.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "text/tokenizer.hpp"

namespace nightingale {
namespace {

using Json = nlohmann::json;

struct Goldens {
  Json all;
  Tokenizer english;
  Tokenizer multilingual;

  const Tokenizer& tokenizer_of(const Json& golden) const {
    return golden["variant"] == "english" ? english : multilingual;
  }
};

Goldens goldens() {
  const std::string root = NIGHTINGALE_SOURCE "/";
  std::ifstream file(root + "tests/goldens/text.json");
  REQUIRE(file);
  Json all = Json::parse(file);
  const Json& paths = all["tokenizers"];
  Tokenizer english = Tokenizer::open(root + paths["english"].get<std::string>());
  Tokenizer multilingual = Tokenizer::open(root + paths["multilingual"].get<std::string>());
  return {std::move(all), std::move(english), std::move(multilingual)};
}

std::string language_of_golden(const Json& golden) {
  const auto found = golden.find("language");
  return found == golden.end() || found->is_null() ? std::string() : found->get<std::string>();
}

TEST_CASE("normalise_equals_upstream_on_every_golden") {
  const Goldens all = goldens();
  REQUIRE(all.all["normalised"].size() > 100);
  for (const Json& golden : all.all["normalised"]) {
    const auto text = golden["text"].get<std::string>();
    CAPTURE(text);
    CHECK(normalise_punctuation(text, all.tokenizer_of(golden).punctuation()) ==
          golden["normalised"].get<std::string>());
  }
}

TEST_CASE("tokenizer_equals_upstream_on_every_golden") {
  const Goldens all = goldens();
  REQUIRE(all.all["tokens"].size() > 100);
  for (const Json& golden : all.all["tokens"]) {
    const auto text = golden["text"].get<std::string>();
    CAPTURE(text);
    CHECK(all.tokenizer_of(golden).encode(text, language_of_golden(golden)) ==
          golden["ids"].get<std::vector<TokenId>>());
  }
}

TEST_CASE("normalised_and_tokenized_equals_upstream_on_every_golden") {
  const Goldens all = goldens();
  REQUIRE(all.all["chain"].size() > 100);
  for (const Json& golden : all.all["chain"]) {
    const auto text = golden["text"].get<std::string>();
    CAPTURE(text);
    const Tokenizer& tokenizer = all.tokenizer_of(golden);
    const std::string normal = normalise_punctuation(text, tokenizer.punctuation());
    CHECK(tokenizer.encode(normal, language_of_golden(golden)) == golden["ids"].get<std::vector<TokenId>>());
  }
}

}  // namespace
}  // namespace nightingale

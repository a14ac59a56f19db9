// The way from a JSON document to a TokenizerJson: every part is looked at, known or refused.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer_json.hpp"

namespace nightingale {

class TokenizerJsonReader {
 public:
  explicit TokenizerJsonReader(std::string origin)
      : origin_(std::move(origin)) {}
  TokenizerJson read(std::string_view json);

 private:
  using Json = nlohmann::json;

  Json parse(std::string_view text) const;
  void read_normalizer(const Json& normalizer);
  void read_pre_tokenizer(const Json& pre_tokenizer);
  void read_model(const Json& model);
  Vocabulary read_vocabulary(const Json& vocabulary) const;
  void read_merges(const Json& merges);
  void read_added_tokens(const Json& tokens);
  AddedToken read_added_token(const Json& token, const std::string& where) const;
  void measure_vocabulary();

  // Members of objects, with a default for what is absent or null.
  const Json& member(const Json& object, const char* name) const;
  std::string type_of(const Json& part, const std::string& where) const;
  std::string text_at(const Json& value, const std::string& where) const;
  bool flag(const Json& object, const char* name) const;
  TokenId id_at(const Json& value, const std::string& where) const;

  [[noreturn]] void refuse(const std::string& what) const;         // damaged
  [[noreturn]] void not_supported(const std::string& what) const;  // well-formed, but means something we lack

  std::string origin_;
  TokenizerJson out_;
};

}  // namespace nightingale

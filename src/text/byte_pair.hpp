// Byte-pair encoding over Unicode characters: a word is its characters, and the neighbours that merge with
// the lowest rank merge first, the leftmost of equals first, until no neighbours merge.
//
// Source: the BPE model of Hugging Face's `tokenizers`, which upstream loads. What is odd: a character that
// is not in the vocabulary becomes the unknown token, or vanishes when there is none.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace nightingale {

using TokenId = std::int32_t;
using Vocabulary = std::map<std::string, TokenId, std::less<>>;

class BytePairModel {
 public:
  struct Options {
    std::optional<TokenId> unknown;  // what stands for a character that the vocabulary lacks
    bool fuse_unknown = false;       // neighbouring unknown characters become one token
    std::string inner_prefix;  // before every character of a word but the first ("continuing_subword_prefix")
    std::string last_suffix;   // behind the last character of a word ("end_of_word_suffix")
  };

  BytePairModel() = default;
  BytePairModel(Vocabulary vocabulary, Options options);

  // Adds the next rank. False when one of the two, or what they make, is not in the vocabulary.
  bool add_merge(std::string_view left, std::string_view right);

  std::optional<TokenId> id_of(std::string_view token) const;
  const Vocabulary& vocabulary() const { return vocabulary_; }

  // Appends a word's tokens. Precondition: valid UTF-8.
  void encode(std::string_view word, std::vector<TokenId>& out) const;

 private:
  struct Merge {
    std::uint32_t rank;
    TokenId made;
  };

  std::vector<TokenId> characters_of(std::string_view word) const;
  const Merge* merge_of(TokenId left, TokenId right) const;

  Vocabulary vocabulary_;
  Options options_;
  std::unordered_map<std::uint64_t, Merge> merges_;  // by left << 32 | right
  std::uint32_t next_rank_ = 0;
};

}  // namespace nightingale

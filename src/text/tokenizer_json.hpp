// Reads `tokenizer.json` of Hugging Face's `tokenizers`: a byte-pair model over characters, as both of
// upstream's character tokenizers are.
//
//   text → added tokens cut out → normal form → added tokens that ask for it → words → byte pairs → ids
//
// Read: added_tokens with all their flags; normalizer NFC, NFD, NFKC, NFKD, Lowercase and sequences of them;
// pre_tokenizer Whitespace (\w+|[^\w\s]+) or none; model BPE with merges as "a b" or ["a", "b"], unk_token,
// fuse_unk, continuing_subword_prefix, end_of_word_suffix. Whatever else would change the ids is refused by
// name. The file is not trusted: its length, depth and ids are bounded, and every fault is an error that says
// where.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/added_tokens.hpp"
#include "text/byte_pair.hpp"

namespace nightingale {

// What one normalizer does to the text between added tokens.
using Normalisation = std::string (*)(std::string_view);

class TokenizerJson {
 public:
  // Throws model_missing, file_invalid or unsupported.
  static TokenizerJson open(const std::string& path);
  // The same from memory; `origin` names the file in errors.
  static TokenizerJson parse(std::string_view json, const std::string& origin);

  // Throws text_invalid when the text is not UTF-8.
  std::vector<TokenId> encode(std::string_view text) const;

  std::optional<TokenId> id_of(std::string_view token) const;

  // The largest id and one: the rows that an embedding of these tokens needs.
  std::size_t vocabulary_size() const { return vocabulary_size_; }

 private:
  friend class TokenizerJsonReader;

  std::string normalised(std::string_view text) const;
  void encode_words(std::string_view text, std::vector<TokenId>& out) const;

  BytePairModel model_;
  Vocabulary added_;               // ids of the added tokens
  AddedTokens raw_tokens_;         // matched in the text as it came
  AddedTokens normalised_tokens_;  // matched in the normalised text between those
  std::vector<Normalisation> normalisations_;
  bool split_words_ = false;  // pre_tokenizer Whitespace
  std::size_t vocabulary_size_ = 0;
};

}  // namespace nightingale

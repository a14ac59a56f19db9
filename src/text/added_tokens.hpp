// Tokens that are cut out of a text before anything else sees it: "[SPACE]", "[laugh]", "[nl]".
//
// At each place the longest of them wins, places taken from left to right. A token may ask to stand alone as
// a word
// (`single_word`) or to take the white space beside it along. Source: AddedVocabulary of Hugging Face's
// `tokenizers`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/byte_pair.hpp"

namespace nightingale {

struct AddedToken {
  std::string content;
  TokenId id = 0;
  bool single_word = false;  // only where no word character touches it
  bool takes_left = false;   // with the white space before it ("lstrip")
  bool takes_right = false;  // with the white space behind it ("rstrip")
};

// A stretch of text: an added token, or text between them.
struct TextPart {
  std::string_view text;
  std::optional<TokenId> token;
};

class AddedTokens {
 public:
  AddedTokens() = default;
  // Of two tokens with the same content the first counts.
  explicit AddedTokens(std::vector<AddedToken> tokens);

  // The text in stretches, none of them empty text. Precondition: valid UTF-8.
  std::vector<TextPart> split(std::string_view text) const;

 private:
  const AddedToken* longest_at(std::string_view text, std::size_t at) const;

  std::vector<AddedToken> tokens_;  // ordered by content
};

}  // namespace nightingale

// Text to the token ids that T3 reads: the one door to this room's tokenizers.
//
//   English       "Hello world."         → Hello[SPACE]world.
//   multilingual  "Hello world.", "en"   → [en]hello[SPACE]world.
//
// Which of the two a file is for, its own tokens say: the multilingual one has "[en]". Source: upstream's
// EnTokenizer and MTLTokenizer. Punctuation is the caller's to normalise first (normalise.hpp), as it is
// upstream.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/normalise.hpp"
#include "text/tokenizer_json.hpp"

namespace nightingale {

// What stands before and behind every text (upstream T3Config: start_text_token, stop_text_token).
inline constexpr TokenId start_text = 255;
inline constexpr TokenId stop_text = 0;

std::vector<TokenId> with_start_and_stop(const std::vector<TokenId>& ids);

// Immutable, so any number of threads may use one.
class Tokenizer {
 public:
  // Throws model_missing, file_invalid, unsupported; model_mismatch when the file has no [START] and [STOP].
  static Tokenizer open(const std::string& path);
  explicit Tokenizer(TokenizerJson file, const std::string& origin = "the tokenizer");

  // The ids between start and stop. `language` is one of languages.hpp; empty means English to the English
  // tokenizer and no tag to the multilingual one. Throws text_invalid, option_invalid, unsupported,
  // model_mismatch.
  std::vector<TokenId> encode(std::string_view text, std::string_view language) const;

  bool multilingual() const { return multilingual_; }
  Punctuation punctuation() const { return multilingual_ ? Punctuation::multilingual : Punctuation::english; }

  // The largest id and one, to compare with the rows of the model's text embedding.
  std::size_t vocabulary_size() const { return file_.vocabulary_size(); }

 private:
  std::string multilingual_text(std::string_view text, std::string_view language) const;

  TokenizerJson file_;
  bool multilingual_ = false;
};

}  // namespace nightingale

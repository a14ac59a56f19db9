// Encoding; reading the file is in tokenizer_json_reader.cpp.
#include "text/tokenizer_json.hpp"

#include "text/unicode.hpp"

namespace nightingale {
namespace {

enum class Kind { space, word, mark };

Kind kind_of(char32_t character) {
  if (is_word(character)) return Kind::word;
  return is_white_space(character) ? Kind::space : Kind::mark;
}

}  // namespace

std::vector<TokenId> TokenizerJson::encode(std::string_view text) const {
  require_utf8(text);
  std::vector<TokenId> out;
  for (const TextPart& raw : raw_tokens_.split(text)) {
    if (raw.token) {
      out.push_back(*raw.token);
      continue;
    }
    const std::string normal = normalised(raw.text);
    for (const TextPart& stretch : normalised_tokens_.split(normal)) {
      if (stretch.token) {
        out.push_back(*stretch.token);
      } else {
        encode_words(stretch.text, out);
      }
    }
  }
  return out;
}

std::optional<TokenId> TokenizerJson::id_of(std::string_view token) const {
  if (const auto found = added_.find(token); found != added_.end()) return found->second;
  return model_.id_of(token);
}

std::string TokenizerJson::normalised(std::string_view text) const {
  std::string out(text);
  for (const Normalisation step : normalisations_) out = step(out);
  return out;
}

// Runs of word characters and runs of marks; white space parts them and is gone.
void TokenizerJson::encode_words(std::string_view text, std::vector<TokenId>& out) const {
  if (!split_words_) return model_.encode(text, out);
  std::size_t begin = 0;
  Kind kind = Kind::space;
  const auto finish = [&](std::size_t end) {
    if (kind != Kind::space) model_.encode(text.substr(begin, end - begin), out);
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const Kind next = kind_of(next_character(text, at));
    if (next == kind) continue;
    finish(start);
    begin = start;
    kind = next;
  }
  finish(text.size());
}

}  // namespace nightingale

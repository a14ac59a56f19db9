#include "text/tokenizer.hpp"

#include <fmt/format.h>

#include "base/failure.hpp"
#include "text/languages.hpp"
#include "text/unicode.hpp"

namespace nightingale {
namespace {

// Only the multilingual vocabulary has tags of languages.
constexpr std::string_view multilingual_sign = "[en]";
constexpr std::string_view space_token = "[SPACE]";

}  // namespace

std::vector<TokenId> with_start_and_stop(const std::vector<TokenId>& ids) {
  std::vector<TokenId> out;
  out.reserve(ids.size() + 2);
  out.push_back(start_text);
  out.insert(out.end(), ids.begin(), ids.end());
  out.push_back(stop_text);
  return out;
}

Tokenizer Tokenizer::open(const std::string& path) {
  return Tokenizer(TokenizerJson::open(path), path);
}

Tokenizer::Tokenizer(TokenizerJson file, const std::string& origin)
    : file_(std::move(file)),
      multilingual_(file_.id_of(multilingual_sign).has_value()) {
  for (const std::string_view needed : {"[START]", "[STOP]"}) {
    if (file_.id_of(needed)) continue;
    fail(ErrorCode::model_mismatch, fmt::format("{} has no token {}", origin, needed),
         "take the tokenizer file that came with the model");
  }
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, std::string_view language) const {
  require_utf8(text);
  if (multilingual_) return file_.encode(replaced(multilingual_text(text, language), " ", space_token));
  if (!language.empty() && language_of(language).id != "en") {
    fail(ErrorCode::option_invalid,
         fmt::format("this model speaks English only, not {}", language_of(language).name),
         "take the multilingual model");
  }
  return file_.encode(replaced(text, " ", space_token));
}

std::string Tokenizer::multilingual_text(std::string_view text, std::string_view language) const {
  if (language.empty()) return in_normal_form(lower_case(text), NormalForm::nfkd);
  const Language& chosen = language_of(language);
  if (!file_.id_of(fmt::format("[{}]", chosen.id))) {
    fail(ErrorCode::model_mismatch,
         fmt::format("this model's tokenizer has no tag [{}] for {}", chosen.id, chosen.name),
         "take a model that knows the language, or another language");
  }
  return prepare(text, chosen);
}

}  // namespace nightingale

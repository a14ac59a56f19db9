#include "text/languages.hpp"

#include <fmt/format.h>

#include <array>

#include "base/failure.hpp"
#include "text/unicode.hpp"

namespace nightingale {
namespace {

constexpr std::array<Language, 23> known{{
    {"ar", "Arabic"},
    {"da", "Danish"},
    {"de", "German"},
    {"el", "Greek"},
    {"en", "English"},
    {"es", "Spanish"},
    {"fi", "Finnish"},
    {"fr", "French"},
    {"he", "Hebrew"},
    {"hi", "Hindi"},
    {"it", "Italian"},
    {"ja", "Japanese", FrontEnd::dictionary},
    {"ko", "Korean", FrontEnd::strip},
    {"ms", "Malay"},
    {"nl", "Dutch"},
    {"no", "Norwegian"},
    {"pl", "Polish"},
    {"pt", "Portuguese"},
    {"ru", "Russian"},
    {"sv", "Swedish"},
    {"sw", "Swahili"},
    {"tr", "Turkish"},
    {"zh", "Chinese", FrontEnd::dictionary},
}};

constexpr std::size_t longest_id = 40;  // of an unknown id that is worth printing

std::string list_of_languages() {
  std::string out;
  for (const Language& language : known) {
    if (!out.empty()) out += ", ";
    out += fmt::format("{} {}", language.id, language.name);
  }
  return out;
}

}  // namespace

std::span<const Language> languages() {
  return known;
}

const Language& language_of(std::string_view id) {
  std::string lower(id.substr(0, longest_id));
  for (char& letter : lower) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    if (letter < ' ' || letter > '~') letter = '?';
  }
  for (const Language& language : known) {
    if (language.id == lower) return language;
  }
  fail(ErrorCode::option_invalid, fmt::format("\"{}\" is not a language of the multilingual model", lower),
       fmt::format("take one of {}", list_of_languages()));
}

std::string prepare(std::string_view text, const Language& language) {
  if (language.front_end == FrontEnd::dictionary) {
    fail(ErrorCode::unsupported,
         fmt::format("{} cannot be spoken yet: its text needs a dictionary that is not built", language.name),
         "choose another language");
  }
  const std::string decomposed = in_normal_form(lower_case(text), NormalForm::nfkd);
  const std::string_view spoken =
      language.front_end == FrontEnd::strip ? stripped(decomposed) : std::string_view(decomposed);
  return fmt::format("[{}]{}", language.id, spoken);
}

}  // namespace nightingale

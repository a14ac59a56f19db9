#include "text/normalise.hpp"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>

#include "text/unicode.hpp"

namespace nightingale {
namespace {

struct Replacement {
  std::string_view from, to;
};

// Upstream's punc_to_replace. The order matters: "..." goes before " ,".
constexpr std::array<Replacement, 12> replacements{{
    {"...", ", "},
    {"…", ", "},
    {":", ","},
    {" - ", ", "},
    {";", ", "},
    {"—", "-"},
    {"–", "-"},
    {" ,", ","},
    {"“", "\""},
    {"”", "\""},
    {"‘", "'"},
    {"’", "'"},
}};

// Upstream's sentence_enders; the English model knows the first five.
constexpr std::array<std::string_view, 10> endings{".", "!", "?", "-", ",", "、", "，", "。", "？", "！"};
constexpr std::size_t english_endings = 5;

std::string with_capital(std::string_view text) {
  std::size_t rest = 0;
  const char32_t first = next_character(text, rest);
  if (!u_hasBinaryProperty(static_cast<UChar32>(first), UCHAR_LOWERCASE)) return std::string(text);
  return upper_case(text.substr(0, rest)).append(text, rest);
}

// Python's " ".join(text.split()).
std::string with_single_spaces(std::string_view text) {
  std::string out;
  bool between_words = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    if (is_python_white_space(next_character(text, at))) {
      between_words = true;
      continue;
    }
    if (between_words && !out.empty()) out += ' ';
    between_words = false;
    out.append(text, start, at - start);
  }
  return out;
}

bool has_ending(std::string_view text, Punctuation punctuation) {
  const auto end = punctuation == Punctuation::english ? endings.begin() + english_endings : endings.end();
  return std::any_of(endings.begin(), end, [&](std::string_view ending) { return text.ends_with(ending); });
}

}  // namespace

std::string normalise_punctuation(std::string_view text, Punctuation punctuation) {
  require_utf8(text);
  if (text.empty()) return "You need to add some text for me to talk.";
  std::string out = with_single_spaces(with_capital(text));
  for (const Replacement& mark : replacements) out = replaced(out, mark.from, mark.to);
  out.erase(out.find_last_not_of(' ') + 1);
  if (!has_ending(out, punctuation)) out += '.';
  return out;
}

bool is_blank(std::string_view text) {
  require_utf8(text);
  return stripped(text).empty();
}

}  // namespace nightingale

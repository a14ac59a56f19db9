// Characters as Unicode sees them. Text is UTF-8 in std::string everywhere; ICU's UTF-16 appears only inside
// this room.
//
// Two notions of white space meet here: Unicode's property, which regular expressions call \s, and Python's
// str.split, which adds the four separators U+001C to U+001F.
#pragma once

#include <unicode/unistr.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace nightingale {

// Throws text_invalid, naming the first byte that is not UTF-8, or when the text is longer than ICU can
// index.
void require_utf8(std::string_view text);

icu::UnicodeString to_utf16(std::string_view text);
std::string to_utf8(const icu::UnicodeString& text);

// The character at a byte, which then moves behind it; the character that ends at a byte. Precondition: valid
// UTF-8, and a character there.
char32_t next_character(std::string_view text, std::size_t& at);
char32_t character_before(std::string_view text, std::size_t at);

bool is_white_space(char32_t character);         // \s
bool is_word(char32_t character);                // \w
bool is_python_white_space(char32_t character);  // str.isspace

enum class NormalForm { nfc, nfd, nfkc, nfkd };
std::string in_normal_form(std::string_view text, NormalForm form);

// Python's str.lower and, of a whole string, str.upper: full mappings, no language's own rules.
std::string lower_case(std::string_view text);
std::string upper_case(std::string_view text);

// Without Python's white space at both ends.
std::string_view stripped(std::string_view text);

// Every occurrence of `from` becomes `to`, from left to right, as str.replace.
std::string replaced(std::string_view text, std::string_view from, std::string_view to);

}  // namespace nightingale

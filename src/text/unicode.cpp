#include "text/unicode.hpp"

#include <fmt/format.h>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "base/failure.hpp"

namespace nightingale {
namespace {

// ICU counts in int32, and a compatibility decomposition makes up to 18 characters of one.
constexpr std::size_t longest_text = std::size_t{1} << 26;

const icu::Normalizer2& normalizer_of(NormalForm form) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* found = nullptr;
  switch (form) {
    case NormalForm::nfc: found = icu::Normalizer2::getNFCInstance(status); break;
    case NormalForm::nfd: found = icu::Normalizer2::getNFDInstance(status); break;
    case NormalForm::nfkc: found = icu::Normalizer2::getNFKCInstance(status); break;
    case NormalForm::nfkd: found = icu::Normalizer2::getNFKDInstance(status); break;
  }
  if (U_FAILURE(status) || found == nullptr) {
    fail(ErrorCode::internal, fmt::format("ICU has no normalisation data ({})", u_errorName(status)));
  }
  return *found;
}

}  // namespace

void require_utf8(std::string_view text) {
  if (text.size() > longest_text) {
    fail(ErrorCode::text_invalid,
         fmt::format("the text is {} bytes long, more than the {} that are read", text.size(), longest_text),
         "speak it in parts");
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto size = static_cast<std::int32_t>(text.size());
  for (std::int32_t at = 0; at < size;) {
    const std::int32_t start = at;
    UChar32 character = 0;
    U8_NEXT(bytes, at, size, character);
    if (character < 0) {
      fail(ErrorCode::text_invalid,
           fmt::format("the text is not UTF-8: byte {} (0x{:02x}) begins no character", start, bytes[start]),
           "save the text as UTF-8");
    }
  }
}

icu::UnicodeString to_utf16(std::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
}

std::string to_utf8(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

char32_t next_character(std::string_view text, std::size_t& at) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  UChar32 character = 0;
  U8_NEXT_UNSAFE(bytes, at, character);
  return static_cast<char32_t>(character);
}

char32_t character_before(std::string_view text, std::size_t at) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  UChar32 character = 0;
  U8_PREV_UNSAFE(bytes, at, character);
  return static_cast<char32_t>(character);
}

bool is_white_space(char32_t character) {
  return u_isUWhiteSpace(static_cast<UChar32>(character));
}

// Unicode's annex 18: alphabetic, marks, decimal digits, connectors and the two joiners.
bool is_word(char32_t character) {
  constexpr std::uint32_t categories = U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK;
  const auto code = static_cast<UChar32>(character);
  return (U_GET_GC_MASK(code) & categories) != 0 || u_hasBinaryProperty(code, UCHAR_ALPHABETIC) ||
         u_hasBinaryProperty(code, UCHAR_JOIN_CONTROL);
}

bool is_python_white_space(char32_t character) {
  return is_white_space(character) || (character >= 0x1c && character <= 0x1f);
}

std::string in_normal_form(std::string_view text, NormalForm form) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::UnicodeString normal = normalizer_of(form).normalize(to_utf16(text), status);
  if (U_FAILURE(status)) {
    fail(ErrorCode::internal, fmt::format("ICU could not normalise the text ({})", u_errorName(status)));
  }
  return to_utf8(normal);
}

std::string lower_case(std::string_view text) {
  return to_utf8(to_utf16(text).toLower(icu::Locale::getRoot()));
}

std::string upper_case(std::string_view text) {
  return to_utf8(to_utf16(text).toUpper(icu::Locale::getRoot()));
}

std::string_view stripped(std::string_view text) {
  std::size_t begin = 0;
  for (std::size_t next = 0; next < text.size(); begin = next) {
    if (!is_python_white_space(next_character(text, next))) break;
  }
  std::size_t end = text.size();
  while (end > begin && is_python_white_space(character_before(text, end))) {
    do {
      --end;
    } while (U8_IS_TRAIL(text[end]));
  }
  return text.substr(begin, end - begin);
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, done)) {
    out.append(text, done, at - done);
    out.append(to);
    done = at + from.size();
  }
  return out.append(text, done);
}

}  // namespace nightingale

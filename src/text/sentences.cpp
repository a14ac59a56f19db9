#include "text/sentences.hpp"

#include <fmt/format.h>
#include <unicode/brkiter.h>
#include <unicode/filteredbrk.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "base/failure.hpp"
#include "text/unicode.hpp"

namespace nightingale {
namespace {

// Brackets with more than this between them are no tag but the writer's own.
constexpr std::int32_t longest_tag = 40;
static_assert(shortest_limit > longest_tag + 2);

// White space becomes one space, or one line break where a blank line parted paragraphs: a line break alone
// ends no sentence, since many texts are wrapped by hand.
std::string with_paragraphs(std::string_view text) {
  constexpr char32_t paragraph_separator = 0x2029;
  std::string out;
  int line_breaks = 0;
  bool between_words = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const char32_t character = next_character(text, at);
    if (is_python_white_space(character)) {
      between_words = true;
      if (character == U'\n') ++line_breaks;
      if (character == paragraph_separator) line_breaks = 2;
      continue;
    }
    if (between_words && !out.empty()) out += line_breaks >= 2 ? '\n' : ' ';
    between_words = false;
    line_breaks = 0;
    out.append(text, start, at - start);
  }
  return out;
}

template <typename Made>
std::unique_ptr<Made> working(Made* made, const UErrorCode& status) {
  std::unique_ptr<Made> owned(made);
  if (U_FAILURE(status) || !owned) {
    fail(ErrorCode::internal, fmt::format("ICU cannot find sentences ({})", u_errorName(status)));
  }
  return owned;
}

using Iterator = std::unique_ptr<icu::BreakIterator>;

// Titles, which no sentence ends with, that ICU's own lists of abbreviations leave out.
constexpr std::array titles{u"Dr.", u"Prof.", u"St.", u"Rev."};

Iterator sentence_iterator(std::string_view language) {
  using Builder = icu::FilteredBreakIteratorBuilder;
  const icu::Locale locale(std::string(language.empty() ? "en" : language).c_str());
  UErrorCode status = U_ZERO_ERROR;
  std::unique_ptr<Builder> builder(Builder::createInstance(locale, status));
  if (U_FAILURE(status)) {  // ICU has no list for this language
    status = U_ZERO_ERROR;
    builder = working(Builder::createEmptyInstance(status), status);
  }
  Iterator plain = working(icu::BreakIterator::createSentenceInstance(locale, status), status);
  for (const char16_t* title : titles) builder->suppressBreakAfter(title, status);
  return working(builder->wrapIteratorWithFilter(plain.release(), status), status);
}

Iterator character_iterator() {
  UErrorCode status = U_ZERO_ERROR;
  return working(icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), status), status);
}

// Marks of a shorter pause: the first need a space behind them ("1,000" has no pause), the second stand
// alone.
constexpr std::u16string_view spaced_commas = u",;:،؛–";
constexpr std::u16string_view lone_commas = u"—、，；：";

bool is_space(char16_t unit) {
  return unit == u' ' || unit == u'\n';
}

// One text, in which positions are UTF-16 units. Between two units is a break when a chunk may end there.
class Splitter {
 public:
  Splitter(const std::string& text, std::string_view language, std::size_t limit)
      : text_(to_utf16(text)),
        limit_(static_cast<std::int32_t>(std::clamp(limit, shortest_limit, longest_chunk))),
        sentences_(sentence_iterator(language)),
        characters_(character_iterator()) {
    find_tags();
  }

  std::vector<std::string> split() {
    std::vector<std::string> chunks;
    for (std::int32_t begin = 0; begin < text_.length();) {
      const std::int32_t end = end_of_chunk(begin);
      const std::string chunk = to_utf8(text_.tempSubStringBetween(begin, end));
      if (const std::string_view spoken = stripped(chunk); !spoken.empty()) chunks.emplace_back(spoken);
      begin = end;
    }
    return chunks;
  }

 private:
  void find_tags() {
    std::int32_t open = -1;
    for (std::int32_t at = 0; at < text_.length(); ++at) {
      if (text_[at] == u'[') open = at;
      if (text_[at] != u']' || open < 0) continue;
      if (at - open <= longest_tag + 1) tags_.emplace_back(open, at + 1);
      open = -1;
    }
  }

  // The tag around a position, or an empty one.
  std::pair<std::int32_t, std::int32_t> tag_around(std::int32_t at) const {
    const auto after = std::lower_bound(tags_.begin(), tags_.end(), std::pair{at, std::int32_t{0}});
    if (after == tags_.begin() || std::prev(after)->second <= at) return {at, at};
    return *std::prev(after);
  }

  bool in_tag(std::int32_t at) const {
    const auto [open, close] = tag_around(at);
    return open < at && at < close;
  }

  // The last break that an iterator finds in (begin, end], or `begin`. The iterator sees no more than it
  // needs, or it would look for a beginning through all the text before.
  std::int32_t last_of(icu::BreakIterator& iterator, std::int32_t begin, std::int32_t end) const {
    const icu::UnicodeString window = text_.tempSubString(begin, 2 * limit_);
    iterator.setText(window);
    std::int32_t at = iterator.preceding(end - begin + 1);
    while (at > 0 && in_tag(begin + at)) at = iterator.previous();
    return begin + std::max(at, 0);
  }

  // The last break in (begin, end] that stands behind a comma, or `begin`.
  std::int32_t last_behind_comma(std::int32_t begin, std::int32_t end) const {
    for (std::int32_t at = end; at > begin; --at) {
      const char16_t before = text_[at - 1];
      const bool spaced = spaced_commas.find(before) != spaced_commas.npos && is_space(text_[at]);
      const bool lone = lone_commas.find(before) != lone_commas.npos;
      if ((spaced || lone) && !in_tag(at)) return at;
    }
    return begin;
  }

  std::int32_t last_behind_space(std::int32_t begin, std::int32_t end) const {
    for (std::int32_t at = end; at > begin + 1; --at) {
      if (is_space(text_[at - 1]) && !in_tag(at)) return at;
    }
    return begin;
  }

  // Where the chunk that begins at `begin` ends; always further on.
  std::int32_t end_of_chunk(std::int32_t begin) {
    if (text_.length() - begin <= limit_) return text_.length();
    std::int32_t end = begin + limit_;
    if (is_space(text_[end])) ++end;  // does not count: it is cut off
    for (const std::int32_t found : {last_of(*sentences_, begin, end), last_behind_comma(begin, end),
                                     last_behind_space(begin, end), last_of(*characters_, begin, end)}) {
      if (found > begin) return found;
    }
    // One character of more than `limit` marks.
    const std::int32_t cut = text_.getChar32Start(end);
    return in_tag(cut) ? tag_around(cut).first : cut;
  }

  icu::UnicodeString text_;
  std::int32_t limit_;
  Iterator sentences_, characters_;
  std::vector<std::pair<std::int32_t, std::int32_t>> tags_;  // begin and end, in order
};

}  // namespace

std::vector<std::string> split_into_chunks(std::string_view text, std::string_view language,
                                           std::size_t limit) {
  require_utf8(text);
  return Splitter(with_paragraphs(text), language, limit).split();
}

}  // namespace nightingale

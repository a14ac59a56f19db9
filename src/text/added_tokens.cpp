#include "text/added_tokens.hpp"

#include <algorithm>
#include <utility>

#include "text/unicode.hpp"

namespace nightingale {
namespace {

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  if (begin > 0 && is_word(character_before(text, begin))) return false;
  return end == text.size() || !is_word(next_character(text, end));
}

// `begin` moved left over white space that no earlier stretch has taken.
std::size_t over_space_before(std::string_view text, std::size_t begin, std::size_t earliest) {
  std::size_t first = earliest;  // of the white space that ends at `begin`
  for (std::size_t at = earliest; at < begin;) {
    if (!is_white_space(next_character(text, at))) first = at;
  }
  return std::min(first, begin);
}

std::size_t over_space_behind(std::string_view text, std::size_t end) {
  for (std::size_t next = end; next < text.size(); end = next) {
    if (!is_white_space(next_character(text, next))) break;
  }
  return end;
}

}  // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> tokens)
    : tokens_(std::move(tokens)) {
  std::erase_if(tokens_, [](const AddedToken& token) { return token.content.empty(); });
  std::stable_sort(tokens_.begin(), tokens_.end(),
                   [](const AddedToken& a, const AddedToken& b) { return a.content < b.content; });
  const auto same = [](const AddedToken& a, const AddedToken& b) { return a.content == b.content; };
  tokens_.erase(std::unique(tokens_.begin(), tokens_.end(), same), tokens_.end());
}

// Narrows the ordered tokens byte by byte to those that the text continues with.
const AddedToken* AddedTokens::longest_at(std::string_view text, std::size_t at) const {
  const AddedToken* longest = nullptr;
  auto first = tokens_.begin();
  auto last = tokens_.end();
  for (std::size_t depth = 0; first != last; ++depth) {
    if (first->content.size() == depth) longest = &*first++;
    if (at + depth == text.size()) break;
    const auto byte = static_cast<unsigned char>(text[at + depth]);
    const auto byte_of = [depth](const AddedToken& token) {
      return static_cast<unsigned char>(token.content[depth]);
    };
    first = std::partition_point(first, last, [&](const AddedToken& token) { return byte_of(token) < byte; });
    last = std::partition_point(first, last, [&](const AddedToken& token) { return byte_of(token) == byte; });
  }
  return longest;
}

std::vector<TextPart> AddedTokens::split(std::string_view text) const {
  std::vector<TextPart> out;
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size();) {
    const AddedToken* token = longest_at(text, at);
    if (token == nullptr) {
      ++at;
      continue;
    }
    std::size_t begin = at;
    std::size_t end = at + token->content.size();
    at = end;
    if (token->single_word && !stands_alone(text, begin, end)) continue;
    // What an earlier token took along to its right is gone; a token of nothing else vanishes with it. One
    // that does not take space to its left keeps its place even so: the source's way.
    if (token->takes_left) begin = std::max(done, over_space_before(text, begin, done));
    if (token->takes_right) end = over_space_behind(text, end);
    if (begin >= end) continue;
    if (done < begin) out.push_back({text.substr(done, begin - done), std::nullopt});
    out.push_back({text.substr(begin, end - begin), token->id});
    done = end;
  }
  if (done < text.size()) out.push_back({text.substr(done), std::nullopt});
  return out;
}

}  // namespace nightingale

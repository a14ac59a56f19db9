// A long text in chunks that the model speaks well, one after another.
//
// Chunks end where a speaker would pause: behind a sentence, else behind a comma, else at a space; where a
// text has none of these, between two characters as a reader sees them. A [tag] stays whole. Sentences are
// found by ICU, which knows abbreviations ("Dr.") of several languages. Upstream has no such step: it speaks
// a text in one piece, which stops making sense beyond some 40 seconds.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nightingale {

// About 20 seconds of speech. In UTF-16 units, as ICU counts: an emoji is two.
inline constexpr std::size_t longest_chunk = 300;
// No limit is smaller: a [tag] fits in.
inline constexpr std::size_t shortest_limit = 64;

// No chunk is blank or begins or ends in white space; a blank text has none. Joined by spaces the chunks are
// the text, but for its white space. `language` ("nl") chooses the abbreviations and may be empty; `limit` is
// what a chunk may have at most. Throws text_invalid when the text is not UTF-8.
std::vector<std::string> split_into_chunks(std::string_view text, std::string_view language,
                                           std::size_t limit = longest_chunk);

}  // namespace nightingale

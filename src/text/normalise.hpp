// Punctuation made what the networks were trained on: one space between words, a capital first, few kinds of
// mark, a mark at the end. Source: upstream's punc_norm in tts.py and mtl_tts.py.
//
// What is odd, and kept: marks are replaced after spaces are collapsed, so "a... b" has two spaces, and a
// text that ends in "..." ends in a comma; a text of nothing but white space becomes ".".
#pragma once

#include <string>
#include <string_view>

namespace nightingale {

// Which model the text is for: they differ in the marks that may end a text.
enum class Punctuation { english, multilingual };

// Throws text_invalid when the text is not UTF-8. An empty text becomes upstream's sentence asking for one;
// who does not want that spoken asks `is_blank` first.
std::string normalise_punctuation(std::string_view text, Punctuation punctuation);

// Nothing but white space, so nothing to speak.
bool is_blank(std::string_view text);

}  // namespace nightingale

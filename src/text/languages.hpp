// The languages of the multilingual model, and what its text goes through before it becomes tokens.
//
//   "Ça va?", "fr"  →  "[fr]ça va?" lower case, decomposed (NFKD)
//
// Source: upstream's SUPPORTED_LANGUAGES in mtl_tts.py and MTLTokenizer.encode in tokenizer.py. What is odd:
// Hebrew goes without vowel points and Russian without stress marks, because what would add them is no
// dependency of upstream, whose usual installation leaves these texts as they are.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace nightingale {

enum class FrontEnd {
  none,        // letters as they are written
  strip,       // and no white space at the ends (Korean; its syllables are taken apart by NFKD)
  dictionary,  // cannot be read without one: Chinese, Japanese
};

struct Language {
  std::string_view id;    // "nl"
  std::string_view name;  // "Dutch"
  FrontEnd front_end = FrontEnd::none;
};

std::span<const Language> languages();

// Upper or lower case. Throws option_invalid, listing what there is.
const Language& language_of(std::string_view id);

// The text as the multilingual tokenizer wants it, the tag in front. Throws unsupported for a language whose
// dictionary is not built yet. Precondition: valid UTF-8.
std::string prepare(std::string_view text, const Language& language);

}  // namespace nightingale

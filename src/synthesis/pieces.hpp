// A request's text in pieces that T3 reads one after the other, none longer than the model can read or say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nightingale/request.hpp"
#include "text/tokenizer.hpp"

namespace nightingale {

// Rows of T3's two tables of positions: the tokens that it has learned to read, and to say.
struct Positions {
  std::int64_t text = 0, speech = 0;
};

// Throws Failure (text_invalid) when there is nothing to speak or the text is not UTF-8.
void check_text(const Request& request);

// The most characters of a piece: what the full model speaks well, less where the tables are short.
std::size_t longest_piece(const Positions& held);

// The ids of each piece, with start and stop. A piece of more ids than the table has rows is broken up
// further; one that cannot be stays too long. Throws Failure as check_text and Tokenizer::encode do.
std::vector<std::vector<TokenId>> pieces_of(const Request& request, const Tokenizer& tokenizer,
                                            const Positions& held);

}  // namespace nightingale

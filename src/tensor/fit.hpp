// Which named lengths fit a number, and how a wrong size came about: what every explanation is made of.
//
//   564 = 2·(250 + 32) = 2·(prompt + speech)          64 leaves the prompt out
//
// Nothing here knows a network: a formula is taken apart by its own symbols. A size that lost a term is found
// by leaving terms out one by one; half, double, 2·n − 1 and small offsets are the other ways in which people
// confuse lengths. All of it runs only when something is already wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tensor/axes.hpp"

namespace nightingale {

// The formula with common factors in front: "2·(prompt + speech)", "120·(frame − prompt_frame) + 1".
std::string factored(const Size& formula);
// The same with the known values in place of their symbols: "2·(250 + 32)".
std::string evaluated(const Size& formula, const Lengths& lengths);
// The symbols of the formula that are known: "prompt = 250, speech = 32"; empty when none is.
std::string values_of(const Size& formula, const Lengths& lengths);

// How a size that was found stands to the one that was declared.
struct Relation {
  enum class Kind {
    equal,
    leaves_out,  // the declared formula without the terms of `missing`
    half,
    twice,
    relative,  // 2·n − 1: the rows of a table of relative positions
    offset,    // `offset` more, or less when negative
    other,
  };
  Kind kind = Kind::other;
  std::vector<Symbol> missing;
  std::optional<Size> formula;  // what the size found is, in the declared formula's symbols
  std::int64_t offset = 0;
};

// Whether the terms that a size leaves out are ones that the declared formula takes away, so that what was
// found still holds them: a mel that was not trimmed.
bool holds_what_was_cut(const Relation& relation, const Size& declared);

Relation relate(const Size& found, const Size& declared, const Lengths& lengths);

// "64 leaves the prompt out, 564 has it", "565 is 1 more than 564".
std::string text_of(const Relation& relation, const Size& found, const Size& declared,
                    const Lengths& lengths);
// "the prompt", "the prompt and the speech"
std::string words_of(const std::vector<Symbol>& symbols);

// One way to read a number.
struct Fit {
  enum class Kind {
    fact,    // the axis is always this long
    known,   // the formula gives the number with the lengths that are known
    solved,  // the formula gives it when the unknown lengths are as `condition` says
  };
  Kind kind;
  std::size_t word;       // which axis of the vocabulary
  std::string condition;  // "prompt + speech = 282"
};

// Whether the axis can have this size, and how.
std::optional<Fit> fit(std::int64_t number, const Axis& axis, const Lengths& lengths);
// Every axis of the vocabulary that can, in its order.
std::vector<Fit> fits(std::int64_t number, std::span<const Axis> vocabulary, const Lengths& lengths);
// "564 = 2·(250 + 32) = 2·(prompt + speech)", "80", "564 = 2·(prompt + speech) with prompt + speech = 282"
std::string text_of(const Fit& fit, std::int64_t number, const Size& formula, const Lengths& lengths);

// The declared axes given to bare numbers in the order that fits best: (1, 80, 64) for [batch, frame, mel]
// becomes [batch 1, mel 80, frame 64]. A number that fits nothing takes the axis that is left over, or "?".
struct Naming {
  Shape shape;
  int score = 0;  // higher fits better; comparable between declarations of the same rank
};
Naming best_naming(std::span<const std::int64_t> numbers, const Shape& declared, const Lengths& lengths);
// The same for a tensor that came with numbers alone. Throws shape_mismatch when it has more than five.
Shape name_axes(std::span<const std::int64_t> numbers, const Shape& declared, const Lengths& lengths);

}  // namespace nightingale

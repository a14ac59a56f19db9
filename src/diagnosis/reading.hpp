// One shape of bare numbers, read in Chatterbox's words: the tensor whose axes fit best, in any order.
#pragma once

#include <string>

#include "diagnosis/lexicon.hpp"
#include "diagnosis/shape_text.hpp"

namespace nightingale {

struct Reading {
  Numbers numbers;
  Shape axes;                    // the numbers with the names they were given
  Shape declared;                // the same tensor as Nightingale has it
  const Place* place = nullptr;  // null when no number is certain: then the axes are "?"

  bool reordered() const;      // other names in other places than declared
  std::string names() const;   // "[batch, mel, frame]"
  std::string layout() const;  // "channels-first", or the names when that says nothing
};

Reading read_shape(const Numbers& numbers, const Lexicon& lexicon, const Lengths& lengths);

// The axis as the tensor declares it, or null.
const Axis* declared_axis(const Reading& reading, Name name);

// "frame = 64 = 2·32 = 2·speech" for every axis that has a formula and follows it.
std::string formulas_of(const Reading& reading, const Lengths& lengths);

// "[batch, frame, mel]"
std::string names_of(const Shape& shape);

}  // namespace nightingale

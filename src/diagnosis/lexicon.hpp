// The words in which foreign numbers are read: Chatterbox's lengths and facts, and the tensors that carry
// them.
//
// Sources of the facts: models/*/facts.hpp and the shapes of upstream's checkpoints. A voice's mel has
// 2·prompt rows unless it is known to have another number, so that what leaves the flow is 2·speech.
#pragma once

#include <string_view>
#include <vector>

#include "diagnosis/hints.hpp"
#include "tensor/axes.hpp"

namespace nightingale {

// A length or a fact with what it means.
struct Word {
  Axis axis;
  std::string_view meaning;
};

// A tensor that a port of Chatterbox meets, in Nightingale's order of axes.
struct Place {
  std::string_view name;  // "the flow's decoder"
  Shape shape;
  bool is_weight = false;
};

struct Lexicon {
  explicit Lexicon(const Hints& hints);

  Axis prompt_frame, out_frame, frame;  // with prompt_frame = 2·prompt put in where that is so
  std::vector<Word> words;
  std::vector<Place> places;  // the likelier first: a tie goes to it
};

}  // namespace nightingale

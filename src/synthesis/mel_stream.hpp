// The mel of tokens that come bit by bit, window by window, without a step where two windows meet.
//
//   window 1   [----------------========]
//   window 2           [........========-------------------====]
//              - comes out     = held back, fades into the next window's     . seen again, as context
//
// The flow starts from the same noise wherever it sees a place again: over the prompt, and where windows
// overlap. Memory does not grow with the tokens.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "synthesis/renderer.hpp"

namespace nightingale {

class MelStream {
 public:
  // Both the renderer and `random` must outlive it.
  MelStream(const Renderer& render, Random& random);

  // The window's tokens, the first of them the `first`-th of all; the last `held` will be seen again. Gives
  // the frames [frame, mel] that are settled. Precondition: nothing between two windows is left out, and
  // `first` never falls.
  std::vector<float> push(std::span<const std::int32_t> window, std::int64_t first, std::int64_t held);

 private:
  std::vector<float> mel_of(std::span<const std::int32_t> window, std::int64_t first);

  const Renderer& render_;
  Random& random_;
  std::vector<float> prompt_noise_, noise_;  // of the last window, whose first token was the first_-th
  std::int64_t first_ = 0;
  std::int64_t settled_ = 0;  // tokens whose frames came out
  std::vector<float> tail_;   // the frames behind those
};

// Where two windows share frames: fades from what the one before has of them, [frame, mel], into the
// beginning of the next. The fade takes a second (or what there is of it) in the middle; before it the old
// one is heard, behind it the new one.
void fade_over(std::span<const float> before, std::span<float> mel);

}  // namespace nightingale

// WAV on the standard output while it is spoken: 16 bits, 24 kHz, mono. A pipe cannot go back to its header,
// which therefore says the greatest length there is, as players of streams expect.
#pragma once

#include <span>

#include "nightingale/error.hpp"

namespace nightingale::cli {

class WavePipe {
 public:
  // Samples within ±1; the header goes before the first.
  void write(std::span<const float> samples);
  // Errors: output_failed, once the reader is gone or the disk is full.
  const Result<Done>& state() const { return state_; }

 private:
  bool started_ = false;
  Result<Done> state_ = Done{};
};

}  // namespace nightingale::cli

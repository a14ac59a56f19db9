// The harmonic source: what vocal cords would do at this pitch, as a signal.
//
//   sine_h = 0.1·sin(2π·Σ f0·h/24000 + phase_h), h = 1…9, where voiced (f0 > 10 Hz); noise everywhere
//   source = tanh(linear(sine·voiced + noise))
// Source: hifigan.py SineGen, SourceModuleHnNSF. Random numbers are inputs, so that a seed decides them.
#pragma once

#include "layers/linear.hpp"

namespace nightingale::hift {

struct SourceNoise {
  Tensor phase;  // [batch, harmonic 9], the first one 0
  Tensor noise;  // [batch, sample, harmonic 9], normal
};

struct Source {
  Linear merge;

  explicit Source(Binder at);

  // f0 [batch, frame] → [batch, sample = 480·frame]
  Tensor forward(Ops& op, const Tensor& f0, const SourceNoise& random) const;
};

}  // namespace nightingale::hift

// HiFT: mel frames become samples at 24 kHz, 480 a frame.
//
//   mel → pitch → harmonic source ─┐
//   mel ──────────────────────→ generator → samples
// Source: hifigan.py HiFTGenerator (HiFTNet, Li et al. 2023).
#pragma once

#include <vector>

#include "models/hift/generator.hpp"
#include "models/hift/pitch.hpp"
#include "models/hift/source.hpp"
#include "models/signature.hpp"

namespace nightingale::hift {

class Hift {
 public:
  explicit Hift(Binder at);

  // mel [batch, frame, mel] → the pitch [batch, frame] in Hz
  Tensor pitch(Ops& op, const Tensor& mel) const { return pitch_.forward(op, mel); }

  // pitch [batch, frame] → the source [batch, sample = 480·frame]
  Tensor source(Ops& op, const Tensor& pitch, const SourceNoise& random) const;

  // mel [batch, frame, mel] and its source → samples [batch, sample]
  Tensor generate(Ops& op, const Tensor& mel, const Tensor& source) const;

  // All of it: mel [batch, out_frame, mel] → samples [batch, sample = 480·out_frame].
  Tensor forward(Ops& op, const Lengths& lengths, const Tensor& mel, const SourceNoise& random) const;

  static std::vector<Signature> signatures();

 private:
  Pitch pitch_;
  Source source_;
  Generator generator_;
};

}  // namespace nightingale::hift

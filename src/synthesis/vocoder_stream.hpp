// The vocoder over a mel of any length, in memory that does not grow with it, and without a seam.
//
// The generator sees 15 frames around a sample, so a chunk between 20 frames of context comes out as it would
// from the whole. The pitch of the context is remembered, and the phase of the harmonics goes on where the
// chunk before left it. The noise is drawn chunk by chunk, in another order than for a whole mel.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/hift/facts.hpp"
#include "models/hift/hift.hpp"
#include "tensor/random.hpp"

namespace nightingale {

class VocoderStream {
 public:
  // All three must outlive it. At most `chunk` frames go through at once; with `least` below it, as many as
  // there are, so that samples come out early.
  VocoderStream(Ops& op, const hift::Hift& hift, Random& random, std::int64_t chunk = 1000);
  VocoderStream(Ops& op, const hift::Hift& hift, Random& random, std::int64_t chunk, std::int64_t least);

  // Takes frames [frame, mel 80]; gives the samples that are settled.
  std::vector<float> push(std::span<const float> mel);
  // The rest.
  std::vector<float> finish();

 private:
  std::int64_t frames() const;  // that were taken and are kept
  void emit(std::int64_t count, std::int64_t behind, std::vector<float>& out);
  std::vector<float> pitch_of(const Tensor& mel) const;
  Tensor phase() const;
  void forget(const std::vector<float>& pitch, std::int64_t count);

  Ops& op_;
  const hift::Hift& hift_;
  Random& random_;
  std::int64_t chunk_, least_;

  // From `before_` frames before the next one to come out: their mel, pitch (as far as it came out) and
  // noise.
  std::vector<float> mel_, pitch_, noise_;
  std::int64_t before_ = 0;
  double turns_ = 0;          // of the fundamental, up to the first frame that is kept
  std::vector<float> start_;  // phases of the harmonics at the very first sample
};

}  // namespace nightingale

// The voice encoder: who speaks, as 256 numbers of length 1 (GE2E, Wan et al. 2018). It is T3's idea of the
// voice.
//
//   mel of 1.6 s → 3 LSTM layers → last hidden state → linear → relu → length 1;  the mean over overlapping
//   partials of a recording, again of length 1
//
// Source: upstream voice_encoder/voice_encoder.py VoiceEncoder, the architecture of Resemblyzer.
#pragma once

#include <cstdint>
#include <vector>

#include "layers/linear.hpp"
#include "layers/lstm.hpp"
#include "models/signature.hpp"

namespace nightingale::voice_encoder {

class VoiceEncoder {
 public:
  explicit VoiceEncoder(Binder at);

  // mel [batch, frame 160, mel 40], not a logarithm, a partial of the recording each → [batch, speaker]
  Tensor embed(Ops& op, const Tensor& mel) const;
  // [batch, speaker] → [speaker]
  static Tensor average(Ops& op, const Tensor& partials);

  const Axis& speaker() const { return project_.weight.shape()[0]; }
  static std::vector<Signature> signatures();

 private:
  std::vector<Lstm> layers_;
  Linear project_;
};

// The partials that cover a recording's mel: each starts 77 frames behind the one before. The last may reach
// beyond the end, into silence, when at least 80 % of it is covered; a recording too short for one has one.
struct Partials {
  std::int64_t count, step;
  std::int64_t frames() const;  // from the first frame of the first to the last of the last
};
Partials partials_of(std::int64_t frames);

}  // namespace nightingale::voice_encoder

// T3's conditioning: who speaks, how that voice sounds, and with how much emotion, as 34 rows before the
// text.
//
//   [speaker_projection(speaker) | perceiver(speech embedding + position of the prompt) |
//   emotion_projection(emotion)]
// Source: cond_enc.py T3CondEnc. The prompt's embedding table belongs to T3, which hands the embedded prompt
// in.
#pragma once

#include "models/t3/perceiver.hpp"

namespace nightingale::t3 {

struct Conditioning {
  Linear speaker_projection;
  Perceiver perceiver;
  Linear emotion_projection;

  Conditioning(Binder at, Axis model);

  // speaker [batch, speaker 256], prompt [batch, row, model], emotion [batch, emotion 1] → [batch, row 34,
  // model]
  Tensor forward(Ops& op, const Tensor& speaker, const Tensor& prompt, const Tensor& emotion) const;
};

}  // namespace nightingale::t3

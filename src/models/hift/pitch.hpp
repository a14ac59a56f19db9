// The pitch predictor: mel frames → the fundamental frequency of each, in Hz; near 0 where nobody sings.
//
//   f0 = |linear(elu(conv(… elu(conv(mel)))))|
// Source: f0_predictor.py ConvRNNF0Predictor.
#pragma once

#include <vector>

#include "layers/conv1d.hpp"
#include "layers/linear.hpp"

namespace nightingale::hift {

struct Pitch {
  std::vector<Conv1d> convolutions;
  Linear classifier;

  explicit Pitch(Binder at);

  // mel [batch, frame, mel] → [batch, frame]
  Tensor forward(Ops& op, const Tensor& mel) const;
};

}  // namespace nightingale::hift

// Seven convolutions along the frames, the one shape of network that the watermark is made of.
//
//   x = leaky(conv₁ x); five times: x = leaky(conv₇ x); conv₁ x
// The rows keep their number. Source: resemble-perth model/encoder.py Encoder.layers, decoder.py _layers.
#pragma once

#include <vector>

#include "layers/conv1d.hpp"

namespace nightingale::perth {

struct Tower {
  std::vector<Conv1d> inner;  // each with its activation
  Conv1d last;

  Tower(Binder at, Axis out, Axis bin, Axis hidden);

  // x [batch, frame, bin] → [batch, frame, out]
  Tensor forward(Ops& op, Tensor x) const;
};

}  // namespace nightingale::perth

// The estimator: where every frame of a noisy mel should move to, given mu, the speaker and the prompt.
//
//   [x | mu | speaker | prompt] → down → conv → 12 mid → [· | skip of down] up → conv → block → 1×1 →
//   velocity
// A U-Net of one level without resampling. Source: decoder.py ConditionalDecoder.
#pragma once

#include <vector>

#include "models/flow/residual_block.hpp"
#include "models/flow/transformer_block.hpp"

namespace nightingale::flow {

// One row of the batch is one branch of the guidance.
struct EstimatorInput {
  Tensor x;        // [batch, frame, mel]
  Tensor mu;       // [batch, frame, mel]
  Tensor speaker;  // [batch, mel]
  Tensor prompt;   // [batch, frame, mel]: the voice's mel, then zeros
  Tensor time;     // [batch, time_sinusoid = 4·mel], from time_sinusoid()
};

// A residual block and the transformers behind it.
struct Level {
  ResidualBlock residual;
  std::vector<TransformerBlock> transformers;

  Level(Binder at, Axis in, const EstimatorAxes& axes);
  Tensor forward(Ops& op, const Tensor& x, const Tensor& time) const;
};

struct Estimator {
  EstimatorAxes axes;
  Linear time_widen, time_out;
  Level down;
  Conv1d down_conv;
  std::vector<Level> mid;
  Level up;
  Conv1d up_conv;
  CausalBlock final_block;
  Conv1d final_projection;

  explicit Estimator(Binder at);

  // → the velocity [batch, frame, mel]. Refuses operands that do not belong together before any arithmetic.
  Tensor forward(Ops& op, const Lengths& lengths, const EstimatorInput& in) const;
};

}  // namespace nightingale::flow

// A residual block of the vocoder: three rounds of a dilated and a plain convolution, each behind a snake.
//
//   x += conv(snake(conv_dilated(snake(x))))      dilations 1, 3, 5
// Source: hifigan.py ResBlock; snake (Ziyin et al. 2020): x + sin²(alpha·x)/(alpha + 1e-9), alpha per
// channel.
#pragma once

#include <vector>

#include "layers/conv1d.hpp"

namespace nightingale::hift {

struct ResidualBlock {
  struct Round {
    Weight first_alpha;
    Conv1d dilated;
    Weight second_alpha;
    Conv1d plain;
  };
  std::vector<Round> rounds;

  ResidualBlock(Binder at, Axis channel, std::int64_t taps);

  // x [batch, row, channel] → same
  Tensor forward(Ops& op, Tensor x) const;
};

}  // namespace nightingale::hift

// The generator: mel frames, guided by the source's spectrum, become samples.
//
//   x = conv(mel); three times: x = up(leaky x) + residual(down(source spectrum)); x = mean of three residual
//   blocks magnitude = min(exp(conv(leaky x)[0…8]), 100), phase = sin(conv(leaky x)[9…17]); audio = iSTFT,
//   clamped
// Rows: frame → 8 → 40 → 120 a frame, one more in front by reflection, then hop 4: 480 samples a frame.
// Source: hifigan.py HiFTGenerator.decode.
#pragma once

#include <vector>

#include "models/hift/residual_block.hpp"

namespace nightingale::hift {

struct GeneratorLevel {
  ConvTranspose1d upsample;
  Conv1d source_down;
  ResidualBlock source_residual;
  std::vector<ResidualBlock> residuals;  // kernels 3, 7, 11: their mean goes on
};

struct Generator {
  Conv1d first;
  std::vector<GeneratorLevel> levels;
  Conv1d last;

  explicit Generator(Binder at);

  // mel [batch, frame, mel], source [batch, sample = 480·frame] → [batch, sample]
  Tensor forward(Ops& op, const Tensor& mel, const Tensor& source) const;

 private:
  Tensor level(Ops& op, const GeneratorLevel& at, const Tensor& x, const Tensor& spectrum,
               bool is_last) const;
};

}  // namespace nightingale::hift

// The flow's encoder: speech tokens at 25 Hz become mu, the mel to begin with, at 50 Hz.
//
//   embed → look ahead → 6 blocks → every row twice, convolve → embed → 4 blocks → norm → project to mel
// Source: upsample_encoder.py UpsampleConformerEncoder. Attention is full in both directions.
#pragma once

#include <vector>

#include "layers/conv1d.hpp"
#include "layers/embedding.hpp"
#include "models/flow/encoder_block.hpp"

namespace nightingale::flow {

// norm(linear(x))·√channels; its positional encoding is not added, only handed to the blocks.
struct InputLayer {
  Linear linear;
  LayerNorm norm;

  InputLayer(Binder at, Axis channel);
  Tensor forward(Ops& op, const Tensor& x) const;
};

// x + conv(leaky(conv(x))), the first convolution seeing three rows ahead, the second two rows back.
struct Lookahead {
  Conv1d ahead, back;

  Lookahead(Binder at, Axis channel);
  Tensor forward(Ops& op, const Tensor& x) const;
};

struct Encoder {
  Axis channel;
  InputLayer input;
  Lookahead look_ahead;
  std::vector<EncoderBlock> blocks;
  Conv1d upsample;
  InputLayer upsampled_input;
  std::vector<EncoderBlock> upsampled_blocks;
  LayerNorm after_norm;

  Encoder(Binder at, Axis channel);

  // x [batch, token, channel] → [batch, frame = 2·token, channel]
  Tensor forward(Ops& op, const Tensor& x) const;
};

}  // namespace nightingale::flow

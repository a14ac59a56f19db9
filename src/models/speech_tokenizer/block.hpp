// A block of the speech tokenizer: attention with a memory beside it, then a feed-forward, each a residual.
//
//   x += out(attention(q, k, v)) + memory(v);  x += narrow(gelu(widen(norm(x))))      memory(v) = taps ∗ v +
//   v
//
// The memory (FSMN: a weighted sum over 31 neighbours, channel by channel) reads the values before they are
// split into heads and is added behind the output projection. Source: s3tokenizer model_v2.py
// ResidualAttentionBlock.
#pragma once

#include <span>

#include "layers/linear.hpp"
#include "layers/norm.hpp"

namespace nightingale::speech_tokenizer {

struct Block {
  Axis channel;
  LayerNorm attention_norm;
  Linear query, key, value;
  Weight memory;
  Linear out;
  LayerNorm feed_norm;
  Linear widen, narrow;

  Block(Binder at, Axis channel);

  // x [batch, token, channel] → same
  Tensor forward(Ops& op, Tensor x, std::span<const float> frequencies) const;
};

// Of the rotary positions: theta^(−2i/width).
std::vector<float> rotary_frequencies();

}  // namespace nightingale::speech_tokenizer

// One layer of the flow's encoder: upstream ConformerEncoderLayer without macaron and convolution module.
//
//   x += attention(norm x)                      full attention with relative positions (Transformer-XL)
//   x += narrow(silu(widen(norm x)))
// Both norms have eps 1e-12; every other norm of the flow has 1e-5.
#pragma once

#include "layers/linear.hpp"
#include "layers/norm.hpp"

namespace nightingale::flow {

struct EncoderBlock {
  Axis channel, head, width;
  LayerNorm attention_norm;
  Linear query, key, value, position, out;
  Weight content_bias, position_bias;  // u and v, [head, width]
  LayerNorm feed_norm;
  Linear widen, narrow;

  EncoderBlock(Binder at, Axis channel);

  // x [batch, row, channel], positions [relative = 2·row − 1, channel] → x's axes
  Tensor forward(Ops& op, Tensor x, const Tensor& positions) const;
};

}  // namespace nightingale::flow

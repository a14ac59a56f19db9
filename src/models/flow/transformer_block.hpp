// A transformer block of the estimator: every frame sees every frame (the convolutions around it are causal).
//
//   x += out(attention(q(n), k(n), v(n)))      n = norm1(x); 64 wide heads, only `out` has a bias
//   x += narrow(gelu(widen(norm3 x)))          exact GELU
// Source: matcha/transformer.py BasicTransformerBlock. The time does not enter here.
#pragma once

#include "layers/linear.hpp"
#include "layers/norm.hpp"

namespace nightingale::flow {

struct EstimatorAxes {
  Axis channel, inner, head, hidden, time;  // inner = 64·head
};

struct TransformerBlock {
  EstimatorAxes axes;
  LayerNorm attention_norm;
  Linear query, key, value, out;
  LayerNorm feed_norm;
  Linear widen, narrow;

  TransformerBlock(Binder at, const EstimatorAxes& axes);

  Tensor forward(Ops& op, Tensor x) const;
};

}  // namespace nightingale::flow

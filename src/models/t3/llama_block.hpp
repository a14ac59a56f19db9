// One layer of T3's Llama backbone.
//
//   x += out(attention(rotary(q(n)), rotary(k(n)), v(n)))     n = norm(x), causal over the cache
//   x += down(silu(gate(m)) · up(m))                          m = norm(x)
// Source: transformers LlamaDecoderLayer; no biases.
#pragma once

#include <span>
#include <vector>

#include "layers/linear.hpp"
#include "layers/norm.hpp"

namespace nightingale::t3 {

// The axes that all layers share; `query` is 64·head and need not equal `model`.
struct BackboneAxes {
  Axis model, query, head, hidden;
};

// The sequences that go through the layers together: the cache of each, in the order of the batch, and where
// the rows of each entry of the batch begin.
struct Sequences {
  std::span<Cache* const> caches;
  std::vector<Size> starts;

  explicit Sequences(std::span<Cache* const> caches);
};

struct LlamaBlock {
  BackboneAxes axes;
  RmsNorm attention_norm;
  Linear query, key, value, out;
  RmsNorm feed_norm;
  Linear gate, up, down;

  LlamaBlock(Binder at, const BackboneAxes& axes);

  // x [batch, row, model] → same; appends this layer's keys and values to the caches.
  Tensor forward(Ops& op, Tensor x, std::span<const float> frequencies, const Sequences& sequences,
                 std::int64_t layer) const;
};

// The 32 rotary frequencies: theta^(−2i/64), slowed down for long waves as Llama 3 does.
std::vector<float> rotary_frequencies();

}  // namespace nightingale::t3

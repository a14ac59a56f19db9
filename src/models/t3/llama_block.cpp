#include "models/t3/llama_block.hpp"

#include <cmath>
#include <numbers>

#include "models/t3/facts.hpp"

namespace nightingale::t3 {

Sequences::Sequences(std::span<Cache* const> given)
    : caches(given) {
  for (const Cache* cache : caches) {
    const std::int64_t entries = cache->sizes().batch.size.number();
    starts.insert(starts.end(), static_cast<std::size_t>(entries), cache->length());
  }
}

LlamaBlock::LlamaBlock(Binder at, const BackboneAxes& shared)
    : axes(shared),
      attention_norm(at / "input_layernorm", axes.model, norm_eps),
      query(at / "self_attn" / "q_proj", axes.query, axes.model, Bias::no),
      key(at / "self_attn" / "k_proj", axes.query, axes.model, Bias::no),
      value(at / "self_attn" / "v_proj", axes.query, axes.model, Bias::no),
      out(at / "self_attn" / "o_proj", axes.model, axes.query, Bias::no),
      feed_norm(at / "post_attention_layernorm", axes.model, norm_eps),
      gate(at / "mlp" / "gate_proj", axes.hidden, axes.model, Bias::no),
      up(at / "mlp" / "up_proj", axes.hidden, axes.model, Bias::no),
      down(at / "mlp" / "down_proj", axes.model, axes.hidden, Bias::no) {}

Tensor LlamaBlock::forward(Ops& op, Tensor x, std::span<const float> frequencies, const Sequences& sequences,
                           std::int64_t layer) const {
  const Axis head{"head", axes.head.size.resolved()};
  const Axis width{"width", head_width};
  const float scale = 1 / std::sqrt(static_cast<float>(head_width));

  const Tensor n = attention_norm.forward(op, x);
  const std::vector<Tensor> qkv = forward_each(op, n, {query.with(), key.with(), value.with()});
  const Tensor q = op.rotary(op.split(qkv[0], "query", head, width), frequencies, sequences.starts);
  const Tensor k = op.rotary(op.split(qkv[1], "query", head, width), frequencies, sequences.starts);
  const Tensor v = op.split(qkv[2], "query", head, width);
  const Tensor seen =
      op.merge(op.cached_attention(q, k, v, sequences.caches, layer, scale), "head", "width", axes.query);
  x = out.forward(op, seen, {.add = &x});

  const Tensor m = feed_norm.forward(op, x);
  const std::vector<Tensor> wide =
      forward_each(op, m, {gate.with({.then = {Activation::Kind::silu}}), up.with()});
  return down.forward(op, op.multiply(wide[0], wide[1]), {.add = &x});
}

std::vector<float> rotary_frequencies() {
  std::vector<float> frequencies(head_width / 2);
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    const double f = std::pow(rope_theta, -2.0 * static_cast<double>(i) / static_cast<double>(head_width));
    const double wave = 2 * std::numbers::pi / f;
    const double shortest_long = rope_original_length / rope_low_frequency_factor;
    const double longest_short = rope_original_length / rope_high_frequency_factor;
    const double blend = (rope_original_length / wave - rope_low_frequency_factor) /
                         (rope_high_frequency_factor - rope_low_frequency_factor);
    const double scaled = wave < longest_short   ? f
                          : wave > shortest_long ? f / rope_factor
                                                 : (1 - blend) * f / rope_factor + blend * f;
    frequencies[i] = static_cast<float>(scaled);
  }
  return frequencies;
}

}  // namespace nightingale::t3

#include "models/flow/transformer_block.hpp"

#include <cmath>

#include "models/flow/facts.hpp"

namespace nightingale::flow {

TransformerBlock::TransformerBlock(Binder at, const EstimatorAxes& shared)
    : axes(shared),
      attention_norm(at / "norm1", axes.channel, estimator_norm_eps),
      query(at / "attn1" / "to_q", axes.inner, axes.channel, Bias::no),
      key(at / "attn1" / "to_k", axes.inner, axes.channel, Bias::no),
      value(at / "attn1" / "to_v", axes.inner, axes.channel, Bias::no),
      out(at / "attn1" / "to_out" / 0, axes.channel, axes.inner),
      feed_norm(at / "norm3", axes.channel, estimator_norm_eps),
      widen(at / "ff" / "net" / 0 / "proj", axes.hidden, axes.channel),
      narrow(at / "ff" / "net" / 2, axes.channel, axes.hidden) {}

Tensor TransformerBlock::forward(Ops& op, Tensor x) const {
  const Axis head{"head", axes.head.size.resolved()};
  const Axis width{"width", head_width};
  const float scale = 1 / std::sqrt(static_cast<float>(head_width));

  const Tensor n = attention_norm.forward(op, x);
  const Tensor seen = op.self_attention(n, {{query.with(), key.with(), value.with()}, head, width, scale});
  x = out.forward(op, seen, {.add = &x});

  return op.feed_forward(feed_norm.forward(op, x), widen.with({.then = {Activation::Kind::gelu}}),
                         narrow.with({.add = &x}));
}

}  // namespace nightingale::flow

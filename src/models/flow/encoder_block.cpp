#include "models/flow/encoder_block.hpp"

#include <cmath>

#include "models/flow/facts.hpp"

namespace nightingale::flow {

EncoderBlock::EncoderBlock(Binder at, Axis channel_axis)
    : channel(channel_axis),
      head(at.axis("head")),
      width(at.axis("width")),
      attention_norm(at / "norm_mha", channel, block_norm_eps),
      query(at / "self_attn" / "linear_q", channel, channel),
      key(at / "self_attn" / "linear_k", channel, channel),
      value(at / "self_attn" / "linear_v", channel, channel),
      position(at / "self_attn" / "linear_pos", channel, channel, Bias::no),
      out(at / "self_attn" / "linear_out", channel, channel),
      content_bias((at / "self_attn").tensor("pos_bias_u", {head, width})),
      position_bias((at / "self_attn").tensor("pos_bias_v", {head, width})),
      feed_norm(at / "norm_ff", channel, block_norm_eps),
      widen(at / "feed_forward" / "w_1", at.axis("hidden"), channel),
      narrow(at / "feed_forward" / "w_2", channel, at.axis("hidden")) {}

Tensor EncoderBlock::forward(Ops& op, Tensor x, const Tensor& positions) const {
  const Axis heads{"head", head.size.resolved()};
  const Axis widths{"width", width.size.resolved()};
  const float scale = 1 / std::sqrt(static_cast<float>(widths.size.number()));

  const Tensor n = attention_norm.forward(op, x);
  const Tensor q = op.split(query.forward(op, n), "channel", heads, widths);
  const Tensor k = op.split(key.forward(op, n), "channel", heads, widths);
  const Tensor v = op.split(value.forward(op, n), "channel", heads, widths);
  const Tensor p = op.split(position.forward(op, positions), "channel", heads, widths);
  const Tensor seen = op.relative_attention(q, k, v, p, content_bias, position_bias, scale);
  x = out.forward(op, op.merge(seen, "head", "width", channel), {.add = &x});

  return op.feed_forward(feed_norm.forward(op, x), widen.with({.then = {Activation::Kind::silu}}),
                         narrow.with({.add = &x}));
}

}  // namespace nightingale::flow

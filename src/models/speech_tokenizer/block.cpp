#include "models/speech_tokenizer/block.hpp"

#include <cmath>

#include "layers/conv1d.hpp"
#include "models/speech_tokenizer/facts.hpp"

namespace nightingale::speech_tokenizer {

Block::Block(Binder at, Axis channel_axis)
    : channel(channel_axis),
      attention_norm(at / "attn_ln", channel, norm_eps),
      query(at / "attn" / "query", channel, channel),
      key(at / "attn" / "key", channel, channel, Bias::no),
      value(at / "attn" / "value", channel, channel),
      memory((at / "attn" / "fsmn_block")
                 .tensor("weight", {channel, {"one", 1}, {"tap", memory_taps}}, Use::depthwise_convolution)),
      out(at / "attn" / "out", channel, channel),
      feed_norm(at / "mlp_ln", channel, norm_eps),
      widen(at / "mlp" / 0, at.axis("hidden"), channel),
      narrow(at / "mlp" / 2, channel, at.axis("hidden")) {}

Tensor Block::forward(Ops& op, Tensor x, std::span<const float> frequencies) const {
  const Axis width{"width", head_width};
  const Axis head{"head", channel.size.resolved().number() / head_width};
  const float scale = 1 / std::sqrt(static_cast<float>(head_width));
  const auto heads = [&](const Tensor& rows) { return op.split(rows, "channel", head, width); };

  const Tensor n = attention_norm.forward(op, x);
  const Tensor q = op.rotary(heads(query.forward(op, n)), frequencies, 0);
  const Tensor k = op.rotary(heads(key.forward(op, n)), frequencies, 0);
  const Tensor v = value.forward(op, n);
  const std::int64_t reach = same_padding(memory_taps);
  const Tensor remembered =
      op.depthwise_conv1d(v, memory, {.pad_left = reach, .pad_right = reach}, {.add = &v});
  const Tensor seen = op.merge(op.attention(q, k, heads(v), scale), "head", "width", channel);
  x = op.add(out.forward(op, seen, {.add = &x}), remembered);

  const Tensor h = widen.forward(op, feed_norm.forward(op, x), {.then = {Activation::Kind::gelu}});
  return narrow.forward(op, h, {.add = &x});
}

std::vector<float> rotary_frequencies() {
  std::vector<float> frequencies(head_width / 2);
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    const double power = -2.0 * static_cast<double>(i) / static_cast<double>(head_width);
    frequencies[i] = static_cast<float>(std::pow(rotary_theta, power));
  }
  return frequencies;
}

}  // namespace nightingale::speech_tokenizer

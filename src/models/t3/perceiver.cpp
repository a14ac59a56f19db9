#include "models/t3/perceiver.hpp"

#include <cmath>

#include "models/t3/facts.hpp"

namespace nightingale::t3 {

Perceiver::Perceiver(Binder at, Axis model_axis)
    : query_row{"row", at.axis("query_row").size},
      model(model_axis),
      queries(at.tensor("pre_attention_query", {{"batch", 1}, query_row, model})),
      norm(at / "attn" / "norm", model, perceiver_norm_eps),
      query(at / "attn" / "to_q", model, model),
      key(at / "attn" / "to_k", model, model),
      value(at / "attn" / "to_v", model, model),
      project(at / "attn" / "proj_out", model, model) {}

Tensor Perceiver::forward(Ops& op, const Tensor& prompt) const {
  const Tensor read = block(op, op.constant(queries), prompt);
  return block(op, read, read);
}

Tensor Perceiver::block(Ops& op, const Tensor& to, const Tensor& from) const {
  const Axis head{"head", perceiver_heads};
  const Axis width{"width", model.size.resolved().number() / perceiver_heads};
  const Tensor asking = norm.forward(op, to);
  const Tensor asked = norm.forward(op, from);

  const Tensor q = op.split(query.forward(op, asking), "model", head, width);
  const Tensor k = op.split(key.forward(op, asked), "model", head, width);
  const Tensor v = op.split(value.forward(op, asked), "model", head, width);
  const float scale = 1 / std::sqrt(static_cast<float>(width.size.number()));
  const Tensor seen = op.merge(op.attention(q, k, v, scale), "head", "width", model);
  return project.forward(op, seen, {.add = &to});
}

}  // namespace nightingale::t3

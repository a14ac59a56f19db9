// The perceiver: a voice's prompt of any length becomes 32 rows.
//
//   block(a, b) = a + proj(attention(q(norm a), k(norm b), v(norm b)))      4 heads, one norm for both
//   out = block(r, r) with r = block(queries, prompt)                       the same weights twice
// Source: perceiver.py Perceiver, AttentionBlock2.
#pragma once

#include "layers/linear.hpp"
#include "layers/norm.hpp"

namespace nightingale::t3 {

struct Perceiver {
  Axis query_row, model;
  Weight queries;  // [batch 1, row, model]
  LayerNorm norm;
  Linear query, key, value, project;

  Perceiver(Binder at, Axis model);

  // prompt [batch, row, model] → [batch, row 32, model]
  Tensor forward(Ops& op, const Tensor& prompt) const;

 private:
  Tensor block(Ops& op, const Tensor& to, const Tensor& from) const;
};

}  // namespace nightingale::t3

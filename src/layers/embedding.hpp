// y[batch, row] = table[id]: one learned row for each number.
#pragma once

#include "checkpoint/binder.hpp"

namespace nightingale {

struct Embedding {
  Weight table;

  Embedding(Binder at, Axis entry, Axis channel)
      : table(at.tensor("weight", {entry, channel}, Use::table)) {}

  Tensor forward(Ops& op, const Tensor& ids) const { return op.embedding(ids, table); }
};

}  // namespace nightingale

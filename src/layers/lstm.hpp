// One layer of an LSTM; see Ops::lstm for the formula. PyTorch stores all layers under one path, told apart
// by the number at the end of a name.
#pragma once

#include <string>

#include "checkpoint/binder.hpp"

namespace nightingale {

struct Lstm {
  LstmWeights weights;

  Lstm(Binder at, std::int64_t layer, Axis hidden, Axis in) {
    const std::string number = "_l" + std::to_string(layer);
    const Axis gate{"gate", 4 * hidden.size};
    weights = {.input = at.tensor("weight_ih" + number, {gate, in}, Use::matmul),
               .recurrent = at.tensor("weight_hh" + number, {gate, hidden}, Use::matmul),
               .input_bias = at.tensor("bias_ih" + number, {gate}),
               .recurrent_bias = at.tensor("bias_hh" + number, {gate})};
  }

  Tensor forward(Ops& op, const Tensor& x) const { return op.lstm(x, weights); }
};

}  // namespace nightingale

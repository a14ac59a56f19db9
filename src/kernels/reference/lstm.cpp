// One layer of an LSTM, row by row (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al.
// 2000):
//   i, f, g, o = W·x + b + U·h + c;  cell = σ(f)·cell + σ(i)·tanh(g);  h = σ(o)·tanh(cell)
#include <cmath>
#include <vector>

#include "kernels/reference/substrate.hpp"

namespace nightingale::reference {

namespace {

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

// to[g] += Σ weight[g, k]·x[k] + bias[g]
void gather(const Weight& weight, const Weight& bias, const double* x, std::int64_t width,
            std::vector<double>& to) {
  for (std::size_t gate = 0; gate < to.size(); ++gate) {
    const float* row = weight.values() + static_cast<std::int64_t>(gate) * width;
    for (std::int64_t k = 0; k < width; ++k) to[gate] += row[k] * x[k];
    if (bias) to[gate] += bias.values()[gate];
  }
}

}  // namespace

void Reference::do_lstm(const Tensor& x, const LstmWeights& weights, Tensor& out) {
  const std::int64_t rows = x.shape().count(1), in = width_of(x), hidden = width_of(out);
  const auto h = static_cast<std::size_t>(hidden);
  for (std::int64_t item = 0; item < x.shape().count(0); ++item) {
    std::vector<double> cell(h), before(h);
    for (std::int64_t row = 0; row < rows; ++row) {
      std::vector<double> gates(4 * h);
      gather(weights.input, weights.input_bias, x.data<double>() + (item * rows + row) * in, in, gates);
      gather(weights.recurrent, weights.recurrent_bias, before.data(), hidden, gates);
      for (std::size_t k = 0; k < h; ++k) {
        cell[k] = sigmoid(gates[h + k]) * cell[k] + sigmoid(gates[k]) * std::tanh(gates[2 * h + k]);
        before[k] = sigmoid(gates[3 * h + k]) * std::tanh(cell[k]);
        out.data<double>()[(item * rows + row) * hidden + static_cast<std::int64_t>(k)] = before[k];
      }
    }
  }
}

}  // namespace nightingale::reference

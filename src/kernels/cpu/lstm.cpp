// lstm: one product over all rows for what the gates see of the input; then row by row one small product of
// the hidden states of a thread's share of the batch, whose weight stays in the second-level cache.
#include <algorithm>
#include <vector>

#include "kernels/cpu/functions.hpp"
#include "kernels/cpu/gemm.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/substrate.hpp"
#include "kernels/cpu/transpose.hpp"

namespace nightingale {

namespace {

// The gates of one row, each `hidden` long, in the order input, forget, candidate, output.
NIGHTINGALE_MULTIVERSION
void turn_gates(const float* __restrict gates, const float* __restrict bias, float* __restrict cell,
                float* __restrict state, std::int64_t hidden) {
#pragma omp simd
  for (std::int64_t k = 0; k < hidden; ++k) {
    const float input = cpu::sigmoid(gates[k] + bias[k]);
    const float forget = cpu::sigmoid(gates[hidden + k] + bias[hidden + k]);
    const float candidate = cpu::hyperbolic_tangent(gates[2 * hidden + k] + bias[2 * hidden + k]);
    const float output = cpu::sigmoid(gates[3 * hidden + k] + bias[3 * hidden + k]);
    const float kept = forget * cell[k] + input * candidate;
    cell[k] = kept;
    state[k] = output * cpu::hyperbolic_tangent(kept);
  }
}

// The recurrent weight [gate, hidden] turned over in strips of gates: [strip, hidden, gate of the strip].
std::vector<float> turned_strips(const Weight& weight, std::int64_t gates, std::int64_t hidden) {
  std::vector<float> turned(static_cast<std::size_t>(gates * hidden));
  for (std::int64_t gate = 0; gate < gates; gate += cpu::strip) {
    const std::int64_t width = std::min(cpu::strip, gates - gate);
    cpu::transpose(weight.values() + gate * hidden, hidden, width, hidden, turned.data() + gate * hidden);
  }
  return turned;
}

}  // namespace

void Cpu::do_lstm(const Tensor& x, const LstmWeights& weights, Tensor& out) {
  const std::int64_t batch = x.shape().count(0), rows = x.shape().count(1), hidden = out.shape().count(2);
  const std::int64_t gates = 4 * hidden;
  Tensor seen = allocate({x.shape()[0], x.shape()[1], {"gate", gates}}, Type::f32);
  do_linear(x, weights.input, weights.input_bias, {}, seen);

  const std::vector<float> turned = turned_strips(weights.recurrent, gates, hidden);
  const std::vector<float> none(static_cast<std::size_t>(gates), 0.0F);
  const float* bias = weights.recurrent_bias ? weights.recurrent_bias.values() : none.data();
  cpu::share(threads_, batch, rows * gates * hidden, [&](std::int64_t first, std::int64_t last) {
    const std::int64_t items = last - first;
    std::vector<float> state(static_cast<std::size_t>(items * hidden), 0.0F), cell = state;
    for (std::int64_t row = 0; row < rows; ++row) {
      float* at = seen.data<float>() + (first * rows + row) * gates;
      for (std::int64_t gate = 0; gate < gates && row > 0; gate += cpu::strip) {
        const std::int64_t width = std::min(cpu::strip, gates - gate);
        cpu::gemm({items, width, hidden}, {state.data(), hidden}, {turned.data() + gate * hidden, width},
                  {at + gate, rows * gates}, cpu::Store::accumulate);
      }
      for (std::int64_t item = 0; item < items; ++item) {
        float* h = state.data() + item * hidden;
        turn_gates(at + item * rows * gates, bias, cell.data() + item * hidden, h, hidden);
        std::copy_n(h, hidden, out.data<float>() + ((first + item) * rows + row) * hidden);
      }
    }
  });
}

}  // namespace nightingale

// linear: out = activation(x · weightᵀ + bias) + add; weight [out, in] is used where the file's mapping put
// it.
//
// Few rows (decoding) are bound by memory: the matrix streams through once. Many rows are matrix products
// over tiles of the result; a tile is finished while it is in cache. The tiling does not depend on the number
// of threads, so neither do the results.
#include "kernels/cpu/finish.hpp"
#include "kernels/cpu/matvec.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/substrate.hpp"

namespace nightingale {

namespace {

struct Linear {
  std::int64_t rows, in, out;
  const float* x;
  const float* weight;
  cpu::Finish finish;
  float* result;
};

void few_rows(int threads, const Linear& l) {
  cpu::share(threads, l.out, l.in, [&](std::int64_t first, std::int64_t last) {
    cpu::matvec(l.rows, l.x, l.in, l.weight, first, last, l.result, l.out);
    cpu::finish(l.finish.at(0, first), l.rows, last - first, {l.result + first, l.out});
  });
}

void many_rows(int threads, const Linear& l) {
  constexpr std::int64_t tall = 192;  // rows of a tile
  constexpr std::int64_t wide = 256;  // columns of a tile, where there are few rows to share out
  constexpr std::int64_t enough_rows = 8 * tall;
  const std::int64_t columns = l.rows >= enough_rows ? std::max<std::int64_t>(l.out, 1) : wide;
  const std::int64_t down = (l.rows + tall - 1) / tall, across = (l.out + columns - 1) / columns;
  cpu::take_turns(threads, down * across, [&](std::int64_t task, int) {
    const std::int64_t row = task / across * tall, column = task % across * columns;
    const std::int64_t height = std::min(tall, l.rows - row), width = std::min(columns, l.out - column);
    const cpu::Matrix tile{l.result + row * l.out + column, l.out};
    cpu::gemm({height, width, l.in}, {l.x + row * l.in, l.in}, {l.weight + column * l.in, l.in},
              cpu::Right::transposed, tile);
    cpu::finish(l.finish.at(row, column), height, width, tile);
  });
}

}  // namespace

void Cpu::do_linear(const Tensor& x, const Weight& weight, const Weight& bias, const Fused& fused,
                    Tensor& out) {
  Linear l;
  l.in = x.shape().count(x.shape().rank() - 1);
  l.out = out.shape().count(out.shape().rank() - 1);
  l.rows = l.out == 0 ? 0 : out.shape().elements() / l.out;
  l.x = x.data<float>();
  l.weight = weight.values();
  l.finish = {bias ? bias.values() : nullptr, fused.then, fused.add ? fused.add->data<float>() : nullptr,
              l.out};
  l.result = out.data<float>();
  if (l.rows == 0) return;
  l.rows <= cpu::few_rows ? few_rows(threads_, l) : many_rows(threads_, l);
}

}  // namespace nightingale

// linear: out = activation(x · weightᵀ + bias) + add; weight [out, in] is used where the mapped file has it.
//
// Few rows (decoding) are bound by memory: the matrix streams through once. Many rows are matrix products
// over tiles of the result; a tile is finished while it is in cache. No other copy of a weight is kept:
// panels of it are turned over when they are needed, which costs 3 % of the product and gains 25 % over a
// product that reads the stored order (1500 rows, 256 → 512). The tiling does not depend on the number of
// threads, so neither do the results.
//
// A weight of few bits takes the same two ways with the kernels of quantised.hpp.
#include "kernels/cpu/finish.hpp"
#include "kernels/cpu/matvec.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/quantised.hpp"
#include "kernels/cpu/substrate.hpp"
#include "kernels/cpu/transpose.hpp"

namespace nightingale {

namespace {

// Sizes of the many-row path, the best of those measured on the shapes of the flow and of T3's prompt.
constexpr std::int64_t panel = cpu::strip;  // rows of the weight that are turned over at a time
constexpr std::int64_t block_rows = 1024;   // rows of x that share a turned panel
constexpr std::int64_t tile_rows = 96;      // rows whose results stay in cache until they are finished

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

// One panel of the weight's rows, turned over into scratch, then a product for each tile of rows.
void many_rows(int threads, const Linear& l, float* scratch) {
  const std::int64_t down = (l.rows + block_rows - 1) / block_rows, across = (l.out + panel - 1) / panel;
  cpu::take_turns(threads, down * across, [&](std::int64_t task, int thread) {
    const std::int64_t column = task / down * panel, width = std::min(panel, l.out - column);
    const std::int64_t begin = task % down * block_rows, end = std::min(begin + block_rows, l.rows);
    float* turned = scratch + thread * panel * l.in;
    cpu::transpose(l.weight + column * l.in, l.in, width, l.in, turned);
    for (std::int64_t row = begin; row < end; row += tile_rows) {
      const std::int64_t height = std::min(tile_rows, end - row);
      const cpu::Matrix tile{l.result + row * l.out + column, l.out};
      cpu::gemm({height, width, l.in}, {l.x + row * l.in, l.in}, {turned, width}, tile);
      cpu::finish(l.finish.at(row, column), height, width, tile);
    }
  });
}

// Few rows share the weight's strips, many rows are cut into tiles.
void few_bits(int threads, const Linear& l, const QuantisedView& matrix, float* scratch) {
  const QuantisedLayout& layout = matrix.layout;
  const cpu::ByteRows x = cpu::byte_rows_at(scratch, l.rows, layout);
  cpu::share(threads, l.rows, l.in, [&](std::int64_t first, std::int64_t last) {
    cpu::round_to_bytes(l.x + first * l.in, l.in, l.in, layout.group, x.part(first, last - first));
  });
  const auto multiply = [&](std::int64_t row, std::int64_t rows, std::int64_t first, std::int64_t last) {
    const std::int64_t column = first * QuantisedLayout::strip;
    const std::int64_t width = std::min(last * QuantisedLayout::strip, l.out) - column;
    cpu::multiply_quantised(x.part(row, rows), matrix, first, last, l.result + row * l.out, l.out);
    cpu::finish(l.finish.at(row, column), rows, width, {l.result + row * l.out + column, l.out});
  };
  if (l.rows <= tile_rows) {
    constexpr std::int64_t products_of_step = 16;  // an instruction of bytes does what so many others would
    const std::int64_t cost = QuantisedLayout::strip * l.in * l.rows / products_of_step;
    return cpu::share(threads, layout.strips(), cost,
                      [&](std::int64_t first, std::int64_t last) { multiply(0, l.rows, first, last); });
  }
  constexpr std::int64_t strips_of_tile = 8;
  const std::int64_t down = (l.rows + tile_rows - 1) / tile_rows;
  const std::int64_t across = (layout.strips() + strips_of_tile - 1) / strips_of_tile;
  cpu::take_turns(threads, down * across, [&](std::int64_t task, int) {
    const std::int64_t row = task % down * tile_rows, first = task / down * strips_of_tile;
    multiply(row, std::min(tile_rows, l.rows - row), first,
             std::min(first + strips_of_tile, layout.strips()));
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
  if (weight->prepared) {
    const auto matrix = std::static_pointer_cast<const Quantised>(weight->prepared);
    const auto memory = scratch(cpu::floats_of_byte_rows(l.rows, matrix->layout));
    return few_bits(threads_, l, matrix->view(), reinterpret_cast<float*>(memory.get()));
  }
  if (l.rows <= cpu::few_rows) return few_rows(threads_, l);
  const auto memory = scratch(threads_ * panel * l.in);
  many_rows(threads_, l, reinterpret_cast<float*>(memory.get()));
}

}  // namespace nightingale

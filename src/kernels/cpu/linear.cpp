// linear: out = activation(x · weightᵀ + bias) + add; weight [out, in] is used where the mapped file has it.
//
// Few rows (decoding) are bound by memory: the matrix streams through once. Many rows are matrix products
// over tiles of the result; a tile is finished while it is in cache. No other copy of a weight is kept:
// panels of it are turned over when they are needed, which costs 3 % of the product and gains 25 % over a
// product that reads the stored order (1500 rows, 256 → 512). The tiling does not depend on the number of
// threads, so neither do the results.
//
// A weight of few bits takes the same two ways with the kernels of quantized.hpp.
#include <algorithm>
#include <array>

#include "kernels/cpu/finish.hpp"
#include "kernels/cpu/matvec.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/quantized.hpp"
#include "kernels/cpu/substrate.hpp"
#include "kernels/cpu/transpose.hpp"

namespace nightingale {

namespace {

// Sizes of the many-row path, the best of those measured on the shapes of the flow and of T3's prompt.
constexpr std::int64_t turned_rows = cpu::strip;  // rows of the weight that are turned over at a time
constexpr std::int64_t block_rows = 1024;         // rows of x that share a turned panel
constexpr std::int64_t tile_rows = 96;            // rows whose results stay in cache until they are finished

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
  const std::int64_t down = (l.rows + block_rows - 1) / block_rows,
                     across = (l.out + turned_rows - 1) / turned_rows;
  cpu::take_turns(threads, down * across, [&](std::int64_t task, int thread) {
    const std::int64_t column = task / down * turned_rows, width = std::min(turned_rows, l.out - column);
    const std::int64_t begin = task % down * block_rows, end = std::min(begin + block_rows, l.rows);
    float* turned = scratch + thread * turned_rows * l.in;
    cpu::transpose(l.weight + column * l.in, l.in, width, l.in, turned);
    for (std::int64_t row = begin; row < end; row += tile_rows) {
      const std::int64_t height = std::min(tile_rows, end - row);
      const cpu::Matrix tile{l.result + row * l.out + column, l.out};
      cpu::gemm({height, width, l.in}, {l.x + row * l.in, l.in}, {turned, width}, tile);
      cpu::finish(l.finish.at(row, column), height, width, tile);
    }
  });
}

// The whole linear as plain arrays.
Linear linear_of(const Tensor& x, const Projection& projection, Tensor& out) {
  Linear l;
  l.in = x.shape().count(x.shape().rank() - 1);
  l.out = out.shape().count(out.shape().rank() - 1);
  l.rows = l.out == 0 ? 0 : out.shape().elements() / l.out;
  l.x = x.data<float>();
  l.weight = projection.weight.values();
  const Fused& fused = projection.fused;
  l.finish = {projection.bias ? projection.bias.values() : nullptr, fused.then,
              fused.add ? fused.add->data<float>() : nullptr, l.out};
  l.result = out.data<float>();
  return l;
}

// Strips [first, last) of the result for `x`, which are rows from `row` on of the whole; `out` is their
// first.
void multiply_strips(const Linear& l, const QuantizedView& matrix, const cpu::ByteRows& x, std::int64_t row,
                     std::int64_t first, std::int64_t last, float* out) {
  const std::int64_t column = first * QuantizedLayout::strip;
  const std::int64_t width = std::min(last * QuantizedLayout::strip, l.out) - column;
  cpu::multiply_quantized(x, matrix, first, last, out, l.out);
  cpu::finish(l.finish.at(row, column), x.rows, width, {out + column, l.out});
}

// Matrices of few bits that read the same rows, their strips one behind the other.
struct FewBits {
  cpu::ByteRows x;
  std::vector<Linear> linears;
  std::vector<QuantizedView> matrices;

  std::int64_t strips() const {
    std::int64_t sum = 0;
    for (const QuantizedView& matrix : matrices) sum += matrix.layout.strips();
    return sum;
  }

  // Strips [first, last) of all for rows [row, row + rows).
  void multiply(std::int64_t row, std::int64_t rows, std::int64_t first, std::int64_t last) const {
    for (std::size_t i = 0; i < matrices.size() && last > 0; ++i) {
      const std::int64_t strips = matrices[i].layout.strips();
      if (first < strips) part(i, row, rows, std::max<std::int64_t>(first, 0), std::min(last, strips));
      first -= strips;
      last -= strips;
    }
  }

 private:
  void part(std::size_t i, std::int64_t row, std::int64_t rows, std::int64_t first, std::int64_t last) const {
    const Linear& l = linears[i];
    multiply_strips(l, matrices[i], x.part(row, rows), row, first, last, l.result + row * l.out);
  }
};

constexpr std::int64_t most_few = 96;  // rows that share the strips
// Of more, a tile has whole rows of the result: written end to end they cost memory the least. What lies
// between the two products of a tile stays in the second-level cache.
constexpr std::int64_t tile_of_bytes = 24;

// Few rows share the strips, many rows are cut into tiles.
void few_bits(int threads, FewBits& all, float* scratch) {
  const Linear& l = all.linears.front();
  const QuantizedLayout& layout = all.matrices.front().layout;
  all.x = cpu::byte_rows_at(scratch, l.rows, layout);
  cpu::round_rows(threads, l.x, l.in, layout.group, all.x);
  const std::int64_t strips = all.strips();
  if (l.rows <= most_few) {
    constexpr std::int64_t products_of_step = 16;  // an instruction of bytes does what so many others would
    const std::int64_t cost = QuantizedLayout::strip * l.in * l.rows / products_of_step;
    return cpu::share(threads, strips, cost,
                      [&](std::int64_t first, std::int64_t last) { all.multiply(0, l.rows, first, last); });
  }
  cpu::take_turns(threads, (l.rows + tile_of_bytes - 1) / tile_of_bytes, [&](std::int64_t task, int) {
    const std::int64_t row = task * tile_of_bytes;
    all.multiply(row, std::min(tile_of_bytes, l.rows - row), 0, strips);
  });
}

// A linear of few bits for some rows, whose bytes take scratch.
struct ByteLinear {
  Linear linear;
  const QuantizedView& matrix;

  std::int64_t scratch() const { return cpu::floats_of_byte_rows(tile_of_bytes, matrix.layout); }
  // x [rows, in] to out [rows, out], which are rows from `first` on of the whole.
  void multiply(const float* x, std::int64_t first, std::int64_t rows, float* bytes, float* out) const {
    const cpu::ByteRows rounded = cpu::byte_rows_at(bytes, rows, matrix.layout);
    cpu::round_to_bytes(x, linear.in, linear.in, matrix.layout.group, rounded);
    multiply_strips(linear, matrix, rounded, first, 0, matrix.layout.strips(), out);
  }
};

// Whether all are kept in few bits, and in groups of the same size, so that x is rounded once for all.
bool share_bytes(std::span<const Projection> projections) {
  const auto& first = projections.front().weight->few_bits;
  return std::all_of(projections.begin(), projections.end(), [&](const Projection& p) {
    return first && p.weight->few_bits && p.weight->few_bits->layout.group == first->layout.group;
  });
}

}  // namespace

void Cpu::do_linear(const Tensor& x, const Weight& weight, const Weight& bias, const Fused& fused,
                    Tensor& out) {
  do_linears(x, std::array{Projection{weight, bias, fused}}, {&out, 1});
}

void Cpu::do_linears(const Tensor& x, std::span<const Projection> projections, std::span<Tensor> outs) {
  if (outs.empty()) return;
  if (!share_bytes(projections)) {
    if (projections.size() > 1) {
      for (std::size_t i = 0; i < outs.size(); ++i)
        do_linears(x, projections.subspan(i, 1), outs.subspan(i, 1));
      return;
    }
    const Linear l = linear_of(x, projections.front(), outs.front());
    if (l.rows == 0) return;
    if (l.rows <= cpu::few_rows) return few_rows(threads_, l);
    const auto memory = scratch(threads_ * turned_rows * l.in);
    return many_rows(threads_, l, reinterpret_cast<float*>(memory.get()));
  }
  FewBits all;
  for (std::size_t i = 0; i < outs.size(); ++i) {
    all.linears.push_back(linear_of(x, projections[i], outs[i]));
    all.matrices.push_back(*projections[i].weight->few_bits);
  }
  const Linear& first = all.linears.front();
  if (first.rows == 0) return;
  const auto memory = scratch(cpu::floats_of_byte_rows(first.rows, all.matrices.front().layout));
  few_bits(threads_, all, reinterpret_cast<float*>(memory.get()));
}

void Cpu::do_feed_forward(const Tensor& x, const Projection& widen, const Projection& narrow, Tensor& between,
                          Tensor& out) {
  const bool by_bytes = widen.weight->few_bits && narrow.weight->few_bits;
  const Linear first = linear_of(x, widen, between);
  if (!by_bytes || first.rows <= most_few) {
    return Ops::do_feed_forward(x, widen, narrow, between, out);
  }
  const ByteLinear wide{first, *widen.weight->few_bits};
  const ByteLinear back{linear_of(between, narrow, out), *narrow.weight->few_bits};
  const std::int64_t hidden = tile_of_bytes * wide.linear.out;
  const std::int64_t of_thread = hidden + wide.scratch() + back.scratch();
  const auto memory = scratch(threads_ * of_thread);
  const std::int64_t rows = first.rows;
  cpu::take_turns(threads_, (rows + tile_of_bytes - 1) / tile_of_bytes, [&](std::int64_t task, int thread) {
    const std::int64_t row = task * tile_of_bytes, count = std::min(tile_of_bytes, rows - row);
    float* tile = reinterpret_cast<float*>(memory.get()) + thread * of_thread;
    wide.multiply(wide.linear.x + row * wide.linear.in, row, count, tile + hidden, tile);
    back.multiply(tile, row, count, tile + hidden + wide.scratch(),
                  back.linear.result + row * back.linear.out);
  });
}

}  // namespace nightingale

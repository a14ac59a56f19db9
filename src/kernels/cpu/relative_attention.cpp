// relative_attention: score(i, j) = scale · ((q_i + u)·k_j + (q_i + v)·p(i − j)), the conformer's attention.
//
// p(i − j) lies at row rows − 1 − i + j of `position`. A tile of query rows first … first + n − 1 therefore
// needs one window of count + n − 1 of its rows, and row r of the tile adds the window's part that starts at
// n − 1 − r: the shift of Transformer-XL without moving anything.
#include "base/multiversion.hpp"
#include "kernels/cpu/attend.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/substrate.hpp"

namespace nightingale {

namespace {

NIGHTINGALE_MULTIVERSION
void sum_into(const float* __restrict x, const float* __restrict y, float* __restrict out,
              std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) out[i] = x[i] + y[i];
}

NIGHTINGALE_MULTIVERSION
void add_onto(const float* __restrict x, float* __restrict out, std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) out[i] += x[i];
}

struct Tile {
  const float* query;  // row 0 of the tile
  std::int64_t rows;
  const float* u;
  const float* v;
  cpu::ConstMatrix window;  // the positions the tile needs, turned over as the keys are
  float* memory;
  float* out;
};

void attend_tile(const cpu::Head& head, const Tile& tile, float scale) {
  const std::int64_t stride = head.values.stride, window = head.count + tile.rows - 1;
  float* moved = tile.memory;
  float* scores = moved + cpu::attention_rows * head.width;
  float* distances = scores + cpu::attention_rows * head.count;
  const auto move_by = [&](const float* by) {
    for (std::int64_t r = 0; r < tile.rows; ++r) {
      sum_into(tile.query + r * stride, by, moved + r * head.width, head.width);
    }
  };
  move_by(tile.u);
  cpu::gemm({tile.rows, head.count, head.width}, {moved, head.width}, head.keys, {scores, head.count});
  move_by(tile.v);
  cpu::gemm({tile.rows, window, head.width}, {moved, head.width}, tile.window, {distances, window});
  for (std::int64_t r = 0; r < tile.rows; ++r) {
    add_onto(distances + r * window + tile.rows - 1 - r, scores + r * head.count, head.count);
  }
  cpu::attend_with_scores(head, {scores, head.count}, tile.rows, {head.count, 0}, scale, {tile.out, stride});
}

}  // namespace

void Cpu::do_relative_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                const Tensor& position, const Weight& u, const Weight& v, float scale,
                                Tensor& out) {
  const std::int64_t rows = query.shape().count(1), heads = query.shape().count(2);
  const std::int64_t width = query.shape().count(3), stride = heads * width;
  const std::int64_t tiles = (rows + cpu::attention_rows - 1) / cpu::attention_rows;
  const std::int64_t per_thread = cpu::attention_rows * (width + 2 * rows + cpu::attention_rows);
  const std::int64_t distances = 2 * rows - 1;
  const auto memory = scratch(threads_ * per_thread + key.shape().elements() + position.shape().elements());
  float* tiles_memory = reinterpret_cast<float*>(memory.get());
  float* turned_keys = tiles_memory + threads_ * per_thread;
  float* turned_positions = turned_keys + key.shape().elements();
  cpu::turn_heads(threads_, key, turned_keys);
  cpu::turn_heads(threads_, position, turned_positions);
  cpu::take_turns(threads_, query.shape().count(0) * heads * tiles, [&](std::int64_t task, int thread) {
    const std::int64_t batch = task / (heads * tiles), head = task / tiles % heads;
    const std::int64_t first = task % tiles * cpu::attention_rows;
    const std::int64_t count = std::min(cpu::attention_rows, rows - first);
    const std::int64_t there = batch * rows * stride + head * width, here = there + first * stride;
    const float* window = turned_positions + head * width * distances + rows - first - count;
    attend_tile({{turned_keys + (batch * heads + head) * width * rows, rows},
                 {value.data<float>() + there, stride},
                 rows,
                 width},
                {query.data<float>() + here,
                 count,
                 u.values() + head * width,
                 v.values() + head * width,
                 {window, distances},
                 tiles_memory + thread * per_thread,
                 out.data<float>() + here},
                scale);
  });
}

}  // namespace nightingale

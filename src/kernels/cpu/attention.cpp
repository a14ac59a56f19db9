// attention: out_i = Σ_j softmax_j(scale · q_i·k_j) · v_j; every row sees all.
//
// By floats, or where the substrate may and the sizes are worth it by bytes.
#include "kernels/cpu/attend.hpp"
#include "kernels/cpu/byte_attention.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/substrate.hpp"

namespace nightingale {

namespace {

// Query, key and value seen as heads: where each tile of query rows and each head begins.
struct Heads {
  const Tensor& query;
  const Tensor& key;
  const Tensor& value;
  Tensor& out;
  std::int64_t tile_rows;
  std::int64_t rows = query.shape().count(1), count = key.shape().count(1);
  std::int64_t heads = query.shape().count(2), width = query.shape().count(3);
  std::int64_t stride = heads * width, pairs = query.shape().count(0) * heads;  // of batch and head
  std::int64_t tiles = (rows + tile_rows - 1) / tile_rows;

  std::int64_t rows_of(std::int64_t tile) const { return std::min(tile_rows, rows - tile * tile_rows); }
  std::int64_t query_at(std::int64_t pair, std::int64_t tile) const {
    return (pair / heads * rows + tile * tile_rows) * stride + pair % heads * width;
  }
  cpu::ConstMatrix query_of(std::int64_t pair, std::int64_t tile) const {
    return {query.data<float>() + query_at(pair, tile), stride};
  }
  cpu::Matrix out_of(std::int64_t pair, std::int64_t tile) const {
    return {out.data<float>() + query_at(pair, tile), stride};
  }
  std::int64_t key_at(std::int64_t pair) const {
    return pair / heads * count * stride + pair % heads * width;
  }
};

void attend_by_bytes(int threads, const Heads& h, float scale, float* memory) {
  const std::int64_t of_scratch = cpu::floats_of_byte_scratch(h.count, h.width);
  const std::int64_t of_head = cpu::floats_of_byte_head(h.count, h.width);
  float* rounded = memory + threads * of_scratch;
  const auto head_of = [&](std::int64_t pair) {
    return cpu::ByteHead{h.key.data<float>() + h.key_at(pair), h.value.data<float>() + h.key_at(pair),
                         h.stride, h.count, h.width};
  };
  cpu::take_turns(threads, h.pairs, [&](std::int64_t pair, int thread) {
    cpu::round_head(head_of(pair), memory + thread * of_scratch, rounded + pair * of_head);
  });
  cpu::take_turns(threads, h.pairs * h.tiles, [&](std::int64_t task, int thread) {
    const std::int64_t pair = task / h.tiles, tile = task % h.tiles;
    cpu::attend_by_bytes(head_of(pair), rounded + pair * of_head, h.query_of(pair, tile), h.rows_of(tile),
                         scale, memory + thread * of_scratch, h.out_of(pair, tile));
  });
}

void attend_by_floats(int threads, const Heads& h, float scale, float* memory) {
  const std::int64_t per_thread = cpu::attention_rows * h.count;
  float* turned = memory + threads * per_thread;
  cpu::turn_heads(threads, h.key, turned);
  cpu::take_turns(threads, h.pairs * h.tiles, [&](std::int64_t task, int thread) {
    const std::int64_t pair = task / h.tiles, tile = task % h.tiles;
    cpu::attend({{turned + pair * h.width * h.count, h.count},
                 {h.value.data<float>() + h.key_at(pair), h.stride},
                 h.count,
                 h.width},
                h.query_of(pair, tile), h.rows_of(tile), {h.count, 0}, scale,
                {memory + thread * per_thread, h.count}, h.out_of(pair, tile));
  });
}

}  // namespace

void Cpu::do_attention(const Tensor& query, const Tensor& key, const Tensor& value, float scale,
                       Tensor& out) {
  const bool by_bytes =
      attention_ == Precision::int8 &&
      cpu::byte_attention_pays(query.shape().count(1), key.shape().count(1), query.shape().count(3));
  const Heads heads{query, key, value, out, by_bytes ? cpu::byte_attention_rows : cpu::attention_rows};
  if (by_bytes) {
    const auto memory = scratch(threads_ * cpu::floats_of_byte_scratch(heads.count, heads.width) +
                                heads.pairs * cpu::floats_of_byte_head(heads.count, heads.width));
    return attend_by_bytes(threads_, heads, scale, reinterpret_cast<float*>(memory.get()));
  }
  const auto memory = scratch(threads_ * heads.tile_rows * heads.count + key.shape().elements());
  attend_by_floats(threads_, heads, scale, reinterpret_cast<float*>(memory.get()));
}

}  // namespace nightingale

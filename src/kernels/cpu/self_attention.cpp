// self_attention by bytes: a head is the work of one thread, from its keys and values to its last row, so
// that queries, keys and values are written nowhere but in the second-level cache. The numbers are those of
// the linears and of attention (byte_attention.hpp), one after the other.
#include <algorithm>

#include "kernels/cpu/byte_attention.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/quantized.hpp"
#include "kernels/cpu/substrate.hpp"

namespace nightingale {

namespace {

// The operands as heads; x and out are [batch, row, …].
struct ByteHeads {
  const Tensor& x;
  const SelfAttention& how;
  Tensor& out;
  std::int64_t batches = x.shape().count(0), rows = x.shape().count(1), in = x.shape().count(2);
  std::int64_t width = how.width.size.resolved().number(), inner = out.shape().count(2);
  std::int64_t heads = inner / width, pairs = batches * heads;  // of batch and head

  const QuantizedLayout& layout() const { return how.projections[0].weight->few_bits->layout; }

  std::int64_t of_keys() const { return rows * width; }
  std::int64_t of_query() const { return cpu::byte_attention_rows * width; }
  std::int64_t of_thread() const {
    return 2 * of_keys() + of_query() + cpu::floats_of_byte_head(rows, width) +
           cpu::floats_of_byte_scratch(rows, width);
  }

  // What projection `which` makes of some rows of x for one head: [row, width].
  void project(std::size_t which, const cpu::ByteRows& some, std::int64_t head, float* to) const {
    const QuantizedView part = how.projections[which].weight->few_bits->part(head * width, width);
    cpu::multiply_quantized(some, part, 0, part.layout.strips(), to, width);
  }

  // `memory` has of_thread() numbers.
  void attend(const cpu::ByteRows& all, std::int64_t pair, float* memory) const {
    const std::int64_t head = pair % heads, first = pair / heads * rows;
    const cpu::ByteRows own = all.part(first, rows);
    float* keys = memory;
    float* values = keys + of_keys();
    float* query = values + of_keys();
    float* rounded = query + of_query();
    float* scratch = rounded + cpu::floats_of_byte_head(rows, width);
    project(1, own, head, keys);
    project(2, own, head, values);
    const cpu::ByteHead seen{keys, values, width, rows, width};
    cpu::round_head(seen, scratch, rounded);
    for (std::int64_t row = 0; row < rows; row += cpu::byte_attention_rows) {
      const std::int64_t count = std::min(cpu::byte_attention_rows, rows - row);
      project(0, own.part(row, count), head, query);
      cpu::attend_by_bytes(seen, rounded, {query, width}, count, how.scale, scratch,
                           {out.data<float>() + (first + row) * inner + head * width, inner});
    }
  }
};

// Nothing but a product, in int8 and in groups of this size.
bool is_product_of_bytes(const Projection& projection, std::int64_t group) {
  const auto& matrix = projection.weight->few_bits;
  return matrix && !matrix->minima && matrix->layout.group == group && !projection.bias &&
         projection.fused.then.kind == Activation::Kind::none && !projection.fused.add;
}

// Whether no thread waits long while others are at their last head.
bool shares_well(std::int64_t pairs, int threads) {
  constexpr std::int64_t rounds = 4;
  return pairs % threads == 0 || pairs >= rounds * threads;
}

}  // namespace

void Cpu::do_self_attention(const Tensor& x, const SelfAttention& how, std::span<Tensor> between,
                            Tensor& out) {
  const auto& query = how.projections[0].weight->few_bits;
  const auto of_bytes = [&](const Projection& p) { return is_product_of_bytes(p, query->layout.group); };
  const bool by_bytes = attention_ == Precision::int8 && query &&
                        std::all_of(how.projections.begin(), how.projections.end(), of_bytes);
  if (!by_bytes) return Ops::do_self_attention(x, how, between, out);
  const ByteHeads h{x, how, out};
  if (!cpu::byte_attention_pays(h.rows, h.rows, h.width) || !shares_well(h.pairs, threads_)) {
    return Ops::do_self_attention(x, how, between, out);
  }
  const std::int64_t all_rows = h.batches * h.rows, of_x = cpu::floats_of_byte_rows(all_rows, h.layout());
  const auto memory = scratch(of_x + threads_ * h.of_thread());
  float* numbers = reinterpret_cast<float*>(memory.get());
  const cpu::ByteRows all = cpu::byte_rows_at(numbers, all_rows, h.layout());
  cpu::round_rows(threads_, x.data<float>(), h.in, h.layout().group, all);
  cpu::take_turns(threads_, h.pairs, [&](std::int64_t pair, int thread) {
    h.attend(all, pair, numbers + of_x + thread * h.of_thread());
  });
}

}  // namespace nightingale

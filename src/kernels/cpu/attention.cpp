// attention: out_i = Σ_j softmax_j(scale · q_i·k_j) · v_j; every row sees all.
#include "kernels/cpu/attend.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/substrate.hpp"

namespace nightingale {

void Cpu::do_attention(const Tensor& query, const Tensor& key, const Tensor& value, float scale,
                       Tensor& out) {
  const std::int64_t rows = query.shape().count(1), count = key.shape().count(1);
  const std::int64_t heads = query.shape().count(2), width = query.shape().count(3);
  const std::int64_t stride = heads * width;
  const std::int64_t tiles = (rows + cpu::attention_rows - 1) / cpu::attention_rows;
  const std::int64_t per_thread = cpu::attention_rows * count;
  const auto memory = scratch(threads_ * per_thread + key.shape().elements());
  float* scores = reinterpret_cast<float*>(memory.get());
  float* turned = scores + threads_ * per_thread;
  cpu::turn_heads(threads_, key, turned);
  cpu::take_turns(threads_, query.shape().count(0) * heads * tiles, [&](std::int64_t task, int thread) {
    const std::int64_t batch = task / (heads * tiles), head = task / tiles % heads;
    const std::int64_t first = task % tiles * cpu::attention_rows;
    const std::int64_t here = (batch * rows + first) * stride + head * width;
    const std::int64_t there = batch * count * stride + head * width;
    cpu::attend({{turned + (batch * heads + head) * width * count, count},
                 {value.data<float>() + there, stride},
                 count,
                 width},
                {query.data<float>() + here, stride}, std::min(cpu::attention_rows, rows - first), {count, 0},
                scale, {scores + thread * per_thread, count}, {out.data<float>() + here, stride});
  });
}

}  // namespace nightingale

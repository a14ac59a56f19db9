// cached_attention: appends this step's keys and values, then each row attends to itself and all before it.
//
// A layer of the cache is one block, keys then values, each [batch, head, row, width]: what one head reads
// while decoding is one run of memory. A few rows go through dot products over that run; a prompt goes
// through products over tiles.
#include "kernels/cpu/attend.hpp"
#include "kernels/cpu/matvec.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/softmax.hpp"
#include "kernels/cpu/substrate.hpp"
#include "kernels/cpu/transpose.hpp"
#include "kernels/cpu/weigh.hpp"

namespace nightingale {

namespace {

class CpuCache final : public Cache {
 public:
  CpuCache(const CacheSizes& sizes, Pool& pool)
      : Cache(sizes),
        heads_(sizes.head.size.resolved().number()),
        width_(sizes.width.size.resolved().number()),
        half_(sizes.batch.size.resolved().number() * heads_ * sizes.most_rows * width_) {
    for (std::int64_t layer = 0; layer < sizes.layers; ++layer) {
      blocks_.push_back(pool.take(static_cast<std::size_t>(2 * half_) * sizeof(float)));
    }
  }

  float* keys(std::int64_t layer, std::int64_t batch, std::int64_t head) const {
    const std::int64_t first = (batch * heads_ + head) * sizes_.most_rows * width_;
    return reinterpret_cast<float*>(blocks_[static_cast<std::size_t>(layer)].get()) + first;
  }
  float* values(std::int64_t layer, std::int64_t batch, std::int64_t head) const {
    return keys(layer, batch, head) + half_;
  }

 private:
  std::int64_t heads_, width_, half_;
  std::vector<std::shared_ptr<std::byte>> blocks_;  // one a layer
};

// One head of one request: where its new rows lie among the operands, and the run of the cache that it reads.
struct Step {
  const float* query;
  float* out;
  std::int64_t stride;  // from a row of query or out to the next
  const float* keys;
  const float* values;
  std::int64_t before, rows, width;
  float scale;
};

void decode(const Step& step, float* scores) {
  for (std::int64_t r = 0; r < step.rows; ++r) {
    const std::int64_t visible = step.before + r + 1;
    float* out = step.out + r * step.stride;
    cpu::matvec(1, step.query + r * step.stride, step.width, step.keys, 0, visible, scores, visible);
    const float sum = cpu::soften(scores, visible, step.scale);
    cpu::weigh(scores, visible, step.values, step.width, out);
    cpu::multiply_by(1.0F / sum, out, step.width);
  }
}

// `turned` holds the keys as [width, stride].
void prefill(const Step& step, const cpu::ConstMatrix& turned, std::int64_t first, float* scores) {
  const std::int64_t rows = std::min(cpu::attention_rows, step.rows - first);
  const std::int64_t count = step.before + first + rows;  // keys that the tile's last row sees
  cpu::attend({turned, {step.values, step.width}, count, step.width},
              {step.query + first * step.stride, step.stride}, rows, {count - rows + 1, 1}, step.scale,
              {scores, count}, {step.out + first * step.stride, step.stride});
}

}  // namespace

std::unique_ptr<Cache> Cpu::make_cache(const CacheSizes& sizes) {
  return std::make_unique<CpuCache>(sizes, *pool());
}

void Cpu::do_cached_attention(const Tensor& query, const Tensor& key, const Tensor& value, Cache& cache,
                              std::int64_t layer, float scale, Tensor& out) {
  const auto& own = static_cast<const CpuCache&>(cache);
  const std::int64_t batches = query.shape().count(0), rows = query.shape().count(1);
  const std::int64_t heads = query.shape().count(2), width = query.shape().count(3);
  const std::int64_t before = cache.length().number(), stride = heads * width;
  const auto step_of = [&](std::int64_t batch, std::int64_t head) {
    const std::int64_t here = batch * rows * stride + head * width;
    return Step{query.data<float>() + here,
                out.data<float>() + here,
                stride,
                own.keys(layer, batch, head),
                own.values(layer, batch, head),
                before,
                rows,
                width,
                scale};
  };
  cpu::share(threads_, batches * heads, rows * width * 2, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t pair = first; pair < last; ++pair) {
      const std::int64_t batch = pair / heads, head = pair % heads;
      for (std::int64_t row = 0; row < rows; ++row) {
        const std::int64_t from = (batch * rows + row) * stride + head * width, to = (before + row) * width;
        std::copy_n(key.data<float>() + from, width, own.keys(layer, batch, head) + to);
        std::copy_n(value.data<float>() + from, width, own.values(layer, batch, head) + to);
      }
    }
  });
  const bool few = rows <= cpu::few_rows;
  const std::int64_t tile = few ? 1 : cpu::attention_rows, most = before + rows;
  const std::int64_t tiles = few ? 1 : (rows + tile - 1) / tile;
  const std::int64_t turned_numbers = few ? 0 : batches * heads * width * most;
  const auto memory = scratch(threads_ * tile * most + turned_numbers);
  float* all_scores = reinterpret_cast<float*>(memory.get());
  float* turned = all_scores + threads_ * tile * most;
  if (!few) {
    cpu::take_turns(threads_, batches * heads, [&](std::int64_t pair, int) {
      cpu::transpose(own.keys(layer, pair / heads, pair % heads), width, most, width,
                     turned + pair * width * most);
    });
  }
  cpu::take_turns(threads_, batches * heads * tiles, [&](std::int64_t task, int thread) {
    const Step step = step_of(task / (heads * tiles), task / tiles % heads);
    float* scores = all_scores + thread * tile * most;
    few ? decode(step, scores)
        : prefill(step, {turned + task / tiles * width * most, most}, task % tiles * tile, scores);
  });
}

}  // namespace nightingale

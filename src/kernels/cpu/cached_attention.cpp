// cached_attention: appends this step's keys and values, then each row attends to itself and all before it.
//
// A layer of the cache is one block, keys then values, each [batch, head, row, width]: what one head reads
// while decoding is one run of memory. A few rows go through dot products over that run; a prompt goes
// through products over tiles. A decoder whose weights are of few bits keeps bfloat16 here (narrow.hpp).
#include <type_traits>

#include "kernels/cpu/attend.hpp"
#include "kernels/cpu/matvec.hpp"
#include "kernels/cpu/narrow.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/softmax.hpp"
#include "kernels/cpu/substrate.hpp"
#include "kernels/cpu/transpose.hpp"
#include "kernels/cpu/weigh.hpp"

namespace nightingale {

namespace {

class CpuCache final : public Cache {
 public:
  CpuCache(const CacheSizes& sizes, bool narrow, Pool& pool)
      : Cache(sizes),
        narrow_(narrow),
        heads_(sizes.head.size.resolved().number()),
        width_(sizes.width.size.resolved().number()),
        half_(sizes.batch.size.resolved().number() * heads_ * sizes.most_rows * width_) {
    const std::size_t size = narrow ? sizeof(std::uint16_t) : sizeof(float);
    for (std::int64_t layer = 0; layer < sizes.layers; ++layer) {
      blocks_.push_back(pool.take(static_cast<std::size_t>(2 * half_) * size));
    }
  }

  bool narrow() const { return narrow_; }

  // One head's keys, and its values; Number is what the cache holds.
  template <typename Number>
  Number* keys(std::int64_t layer, std::int64_t batch, std::int64_t head) const {
    const std::int64_t first = (batch * heads_ + head) * sizes_.most_rows * width_;
    return reinterpret_cast<Number*>(blocks_[static_cast<std::size_t>(layer)].get()) + first;
  }
  template <typename Number>
  Number* values(std::int64_t layer, std::int64_t batch, std::int64_t head) const {
    return keys<Number>(layer, batch, head) + half_;
  }

 private:
  bool narrow_;
  std::int64_t heads_, width_, half_;
  std::vector<std::shared_ptr<std::byte>> blocks_;  // one a layer
};

// One head of one request: where its new rows lie among the operands, and the run of the cache that it reads.
template <typename Number>
struct Step {
  const float* query;
  float* out;
  std::int64_t stride;  // from a row of query or out to the next
  const Number* keys;
  const Number* values;
  std::int64_t before, rows, width;
  float scale;
};

void score(const Step<float>& step, const float* query, std::int64_t visible, float* scores) {
  cpu::matvec(1, query, step.width, step.keys, 0, visible, scores, visible);
}
void score(const Step<std::uint16_t>& step, const float* query, std::int64_t visible, float* scores) {
  cpu::dot_narrow(query, step.keys, visible, step.width, scores);
}
template <typename Number>
void decode(const Step<Number>& step, float* scores) {
  for (std::int64_t r = 0; r < step.rows; ++r) {
    const std::int64_t visible = step.before + r + 1;
    float* out = step.out + r * step.stride;
    score(step, step.query + r * step.stride, visible, scores);
    const float sum = cpu::soften(scores, visible, step.scale);
    cpu::weigh(scores, visible, step.values, step.width, out);
    cpu::multiply_by(1.0F / sum, out, step.width);
  }
}

// `turned` holds the keys as [width, stride].
void prefill(const Step<float>& step, const cpu::ConstMatrix& turned, std::int64_t first, float* scores) {
  const std::int64_t rows = std::min(cpu::attention_rows, step.rows - first);
  const std::int64_t count = step.before + first + rows;  // keys that the tile's last row sees
  cpu::attend({turned, {step.values, step.width}, count, step.width},
              {step.query + first * step.stride, step.stride}, rows, {count - rows + 1, 1}, step.scale,
              {scores, count}, {step.out + first * step.stride, step.stride});
}

void copy(const float* from, std::int64_t count, float* to) {
  std::copy_n(from, count, to);
}
void copy(const float* from, std::int64_t count, std::uint16_t* to) {
  cpu::narrow(from, count, to);
}

// Where an entry of the batch is kept: as which entry of which cache, and behind how many rows.
struct Kept {
  const CpuCache* cache;
  std::int64_t entry, before;
};

// For each entry of the batch.
std::vector<Kept> kept_in(std::span<Cache* const> caches) {
  std::vector<Kept> kept;
  for (const Cache* cache : caches) {
    const std::int64_t count = cache->sizes().batch.size.number(), before = cache->length().number();
    for (std::int64_t entry = 0; entry < count; ++entry) {
      kept.push_back({static_cast<const CpuCache*>(cache), entry, before});
    }
  }
  return kept;
}

std::int64_t most_before(const std::vector<Kept>& kept) {
  std::int64_t most = 0;
  for (const Kept& one : kept) most = std::max(most, one.before);
  return most;
}

// The operands of one call and the layer of the caches that it appends to.
template <typename Number>
struct Attending {
  const Tensor& query;
  const Tensor& key;
  const Tensor& value;
  const std::vector<Kept>& kept;
  std::int64_t layer;
  float scale;
  Tensor& out;
  std::int64_t batches = query.shape().count(0), rows = query.shape().count(1);
  std::int64_t heads = query.shape().count(2), width = query.shape().count(3);
  std::int64_t stride = heads * width;
  std::int64_t most = most_before(kept) + rows;  // rows of the longest sequence
  std::int64_t pairs = batches * heads;          // of batch and head

  const Kept& of(std::int64_t pair) const { return kept[static_cast<std::size_t>(pair / heads)]; }
  std::int64_t before(std::int64_t pair) const { return of(pair).before; }
  Number* keys(std::int64_t pair) const {
    return of(pair).cache->template keys<Number>(layer, of(pair).entry, pair % heads);
  }
  Number* values(std::int64_t pair) const {
    return of(pair).cache->template values<Number>(layer, of(pair).entry, pair % heads);
  }
  std::int64_t at(std::int64_t pair) const { return pair / heads * rows * stride + pair % heads * width; }

  template <typename Other>
  Step<Other> step(std::int64_t pair, const Other* of_keys, const Other* of_values) const {
    return {query.data<float>() + at(pair),
            out.data<float>() + at(pair),
            stride,
            of_keys,
            of_values,
            before(pair),
            rows,
            width,
            scale};
  }

  void append(int threads) const {
    cpu::share(threads, pairs, rows * width * 2, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t pair = first; pair < last; ++pair) {
        for (std::int64_t row = 0; row < rows; ++row) {
          const std::int64_t from = at(pair) + row * stride, to = (before(pair) + row) * width;
          copy(key.data<float>() + from, width, keys(pair) + to);
          copy(value.data<float>() + from, width, values(pair) + to);
        }
      }
    });
  }

  std::int64_t few_scratch(int threads) const { return threads * most; }
  void few_rows(int threads, float* scratch) const {
    cpu::take_turns(threads, pairs, [&](std::int64_t pair, int thread) {
      const Number* of_keys = keys(pair);
      const Number* of_values = values(pair);
      decode(step(pair, of_keys, of_values), scratch + thread * most);
    });
  }

  // Each head's keys turned over, and its values as floats where the cache does not hold them so.
  std::int64_t of_head() const { return (std::is_same_v<Number, float> ? 1 : 2) * width * most; }
  std::int64_t many_scratch(int threads) const {
    return threads * std::max(cpu::attention_rows, width) * most + pairs * of_head();
  }
  void many_rows(int threads, float* scratch) const {
    const std::int64_t of_thread = std::max(cpu::attention_rows, width) * most;
    float* heads_at = scratch + threads * of_thread;
    cpu::take_turns(threads, pairs, [&](std::int64_t pair, int thread) {
      turn(pair, scratch + thread * of_thread, heads_at + pair * of_head());
    });
    const std::int64_t tiles = (rows + cpu::attention_rows - 1) / cpu::attention_rows;
    cpu::take_turns(threads, pairs * tiles, [&](std::int64_t task, int thread) {
      const std::int64_t pair = task / tiles;
      const float* turned = heads_at + pair * of_head();
      prefill(step<float>(pair, nullptr, floats(pair, turned)), {turned, before(pair) + rows},
              task % tiles * cpu::attention_rows, scratch + thread * of_thread);
    });
  }

 private:
  void turn(std::int64_t pair, float* scratch, float* to) const {
    const std::int64_t count = before(pair) + rows;
    if constexpr (std::is_same_v<Number, float>) {
      cpu::transpose(keys(pair), width, count, width, to);
    } else {
      cpu::widen(keys(pair), count * width, scratch);
      cpu::transpose(scratch, width, count, width, to);
      cpu::widen(values(pair), count * width, to + width * most);
    }
  }
  const float* floats(std::int64_t pair, const float* turned) const {
    if constexpr (std::is_same_v<Number, float>) return values(pair);
    return turned + width * most;
  }
};

template <typename Number>
std::int64_t scratch_of(const Attending<Number>& a, int threads) {
  return a.rows <= cpu::few_rows ? a.few_scratch(threads) : a.many_scratch(threads);
}

template <typename Number>
void attend(const Attending<Number>& a, int threads, float* scratch) {
  a.append(threads);
  a.rows <= cpu::few_rows ? a.few_rows(threads, scratch) : a.many_rows(threads, scratch);
}

}  // namespace

std::unique_ptr<Cache> Cpu::make_cache(const CacheSizes& sizes) {
  return std::make_unique<CpuCache>(sizes, narrow_cache_, *pool());
}

void Cpu::do_cached_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                              std::span<Cache* const> caches, std::int64_t layer, float scale, Tensor& out) {
  const std::vector<Kept> kept = kept_in(caches);
  if (kept.empty()) return;
  const auto run = [&](const auto& attending) {
    const auto memory = scratch(scratch_of(attending, threads_));
    attend(attending, threads_, reinterpret_cast<float*>(memory.get()));
  };
  if (kept.front().cache->narrow()) {
    run(Attending<std::uint16_t>{query, key, value, kept, layer, scale, out});
  } else {
    run(Attending<float>{query, key, value, kept, layer, scale, out});
  }
}

}  // namespace nightingale

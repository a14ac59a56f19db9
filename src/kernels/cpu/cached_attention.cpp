// cached_attention: appends this step's keys and values, then each row attends to itself and all before it.
//
// A layer of the cache is one block, keys then values, each [batch, head, row, width]: what one head reads
// while decoding is one run of memory. A few rows go through dot products over that run; a prompt goes
// through products over tiles. A decoder whose weights are of few bits keeps bytes here (cached_bytes.hpp).
#include "kernels/cpu/attend.hpp"
#include "kernels/cpu/cached_bytes.hpp"
#include "kernels/cpu/matvec.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/softmax.hpp"
#include "kernels/cpu/substrate.hpp"
#include "kernels/cpu/transpose.hpp"
#include "kernels/cpu/weigh.hpp"

namespace nightingale {

namespace {

// One head's run of float32: its keys, and its values. CachedBytes does the same with bytes.
class FloatHead {
 public:
  FloatHead(float* keys, float* values, std::int64_t width)
      : keys_(keys),
        values_(values),
        width_(width) {}

  void append(std::int64_t row, const float* key, const float* value) const {
    std::copy_n(key, width_, keys_ + row * width_);
    std::copy_n(value, width_, values_ + row * width_);
  }
  void take_over(const FloatHead& other, std::int64_t rows) const {
    std::copy_n(other.keys_, rows * width_, keys_);
    std::copy_n(other.values_, rows * width_, values_);
  }
  void attend(const float* query, std::int64_t visible, float scale, float* scores, float* out) const {
    cpu::matvec(1, query, width_, keys_, 0, visible, scores, visible);
    const float sum = cpu::soften(scores, visible, scale);
    cpu::weigh(scores, visible, values_, width_, out);
    cpu::multiply_by(1.0F / sum, out, width_);
  }
  // The keys turned over, [width, count], and the values, [count, width].
  const float* turn(std::int64_t count, float* /*scratch*/, float* turned) const {
    cpu::transpose(keys_, width_, count, width_, turned);
    return values_;
  }

  static std::int64_t floats_to_attend(std::int64_t visible) { return visible; }
  static std::int64_t floats_of_turned(std::int64_t width, std::int64_t count) { return width * count; }

 private:
  float *keys_, *values_;
  std::int64_t width_;
};

class CpuCache final : public Cache {
 public:
  CpuCache(const CacheSizes& sizes, bool narrow, Pool& pool)
      : Cache(sizes),
        narrow_(narrow),
        heads_(sizes.head.size.resolved().number()),
        width_(sizes.width.size.resolved().number()),
        all_heads_(sizes.batch.size.resolved().number() * heads_),
        bytes_(width_, sizes.most_rows) {
    const std::int64_t floats = 2 * sizes.most_rows * width_ * static_cast<std::int64_t>(sizeof(float));
    for (std::int64_t layer = 0; layer < sizes.layers; ++layer) {
      blocks_.push_back(pool.take(static_cast<std::size_t>(all_heads_ * (narrow ? bytes_.bytes() : floats))));
    }
  }

  bool narrow() const { return narrow_; }

  template <typename Head>
  Head head(std::int64_t layer, std::int64_t batch, std::int64_t head) const;

 private:
  void take_over(const Cache& other, const Size& rows) override;
  template <typename Head>
  void take_heads(const CpuCache& from, std::int64_t rows) const;

  bool narrow_;
  std::int64_t heads_, width_, all_heads_;
  cpu::CachedBytesLayout bytes_;
  std::vector<std::shared_ptr<std::byte>> blocks_;  // one a layer
};

template <>
FloatHead CpuCache::head(std::int64_t layer, std::int64_t batch, std::int64_t head) const {
  float* block = reinterpret_cast<float*>(blocks_[static_cast<std::size_t>(layer)].get());
  const std::int64_t of_head = sizes_.most_rows * width_, at = (batch * heads_ + head) * of_head;
  return {block + at, block + all_heads_ * of_head + at, width_};
}

template <>
cpu::CachedBytes CpuCache::head(std::int64_t layer, std::int64_t batch, std::int64_t head) const {
  std::byte* block = blocks_[static_cast<std::size_t>(layer)].get();
  return {bytes_, block + (batch * heads_ + head) * bytes_.bytes()};
}

template <typename Head>
void CpuCache::take_heads(const CpuCache& from, std::int64_t rows) const {
  for (std::int64_t layer = 0; layer < sizes_.layers; ++layer) {
    for (std::int64_t pair = 0; pair < all_heads_; ++pair) {
      const std::int64_t batch = pair / heads_, of_batch = pair % heads_;
      head<Head>(layer, batch, of_batch).take_over(from.head<Head>(layer, batch, of_batch), rows);
    }
  }
}

void CpuCache::take_over(const Cache& other, const Size& rows) {
  const auto& from = static_cast<const CpuCache&>(other);
  narrow_ ? take_heads<cpu::CachedBytes>(from, rows.number()) : take_heads<FloatHead>(from, rows.number());
}

// The rows of one head of one request among the operands.
struct Step {
  const float* query;
  float* out;
  std::int64_t stride;  // from a row of query or out to the next
  std::int64_t before, rows, width;
  float scale;
};

template <typename Head>
void decode(const Head& head, const Step& step, float* scratch) {
  for (std::int64_t r = 0; r < step.rows; ++r) {
    head.attend(step.query + r * step.stride, step.before + r + 1, step.scale, scratch,
                step.out + r * step.stride);
  }
}

// `turned` holds the keys as [width, stride].
void prefill(const Step& step, const cpu::ConstMatrix& turned, const float* values, std::int64_t first,
             float* scores) {
  const std::int64_t rows = std::min(cpu::attention_rows, step.rows - first);
  const std::int64_t count = step.before + first + rows;  // keys that the tile's last row sees
  cpu::attend({turned, {values, step.width}, count, step.width},
              {step.query + first * step.stride, step.stride}, rows, {count - rows + 1, 1}, step.scale,
              {scores, count}, {step.out + first * step.stride, step.stride});
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
template <typename Head>
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
  Head head(std::int64_t pair) const {
    return of(pair).cache->template head<Head>(layer, of(pair).entry, pair % heads);
  }
  std::int64_t at(std::int64_t pair) const { return pair / heads * rows * stride + pair % heads * width; }

  Step step(std::int64_t pair) const {
    return {query.data<float>() + at(pair),
            out.data<float>() + at(pair),
            stride,
            before(pair),
            rows,
            width,
            scale};
  }

  void append(int threads) const {
    constexpr std::int64_t cost = 8;  // of a number that is rounded and put in its place
    cpu::share(threads, pairs, rows * width * cost, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t pair = first; pair < last; ++pair) {
        const Head to = head(pair);
        for (std::int64_t row = 0; row < rows; ++row) {
          const std::int64_t from = at(pair) + row * stride;
          to.append(before(pair) + row, key.data<float>() + from, value.data<float>() + from);
        }
      }
    });
  }

  std::int64_t few_scratch() const { return Head::floats_to_attend(most); }
  void few_rows(int threads, float* scratch) const {
    const std::int64_t of_thread = few_scratch();
    cpu::take_turns(threads, pairs, [&](std::int64_t pair, int thread) {
      decode(head(pair), step(pair), scratch + thread * of_thread);
    });
  }

  std::int64_t of_thread() const { return std::max(cpu::attention_rows, width) * most; }
  std::int64_t of_head() const { return Head::floats_of_turned(width, most); }
  std::int64_t many_scratch(int threads) const { return threads * of_thread() + pairs * of_head(); }
  void many_rows(int threads, float* scratch) const {
    float* heads_at = scratch + threads * of_thread();
    std::vector<const float*> values(static_cast<std::size_t>(pairs));
    cpu::take_turns(threads, pairs, [&](std::int64_t pair, int thread) {
      values[static_cast<std::size_t>(pair)] =
          head(pair).turn(before(pair) + rows, scratch + thread * of_thread(), heads_at + pair * of_head());
    });
    const std::int64_t tiles = (rows + cpu::attention_rows - 1) / cpu::attention_rows;
    cpu::take_turns(threads, pairs * tiles, [&](std::int64_t task, int thread) {
      const std::int64_t pair = task / tiles;
      prefill(step(pair), {heads_at + pair * of_head(), before(pair) + rows},
              values[static_cast<std::size_t>(pair)], task % tiles * cpu::attention_rows,
              scratch + thread * of_thread());
    });
  }
};

template <typename Head>
std::int64_t scratch_of(const Attending<Head>& a, int threads) {
  return a.rows <= cpu::few_rows ? threads * a.few_scratch() : a.many_scratch(threads);
}

template <typename Head>
void attend(const Attending<Head>& a, int threads, float* scratch) {
  a.append(threads);
  a.rows <= cpu::few_rows ? a.few_rows(threads, scratch) : a.many_rows(threads, scratch);
}

}  // namespace

std::unique_ptr<Cache> Cpu::make_cache(const CacheSizes& sizes) {
  const bool narrow =
      narrow_cache_ && sizes.width.size.resolved().number() <= cpu::CachedBytesLayout::most_width;
  return std::make_unique<CpuCache>(sizes, narrow, *pool());
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
    run(Attending<cpu::CachedBytes>{query, key, value, kept, layer, scale, out});
  } else {
    run(Attending<FloatHead>{query, key, value, kept, layer, scale, out});
  }
}

}  // namespace nightingale

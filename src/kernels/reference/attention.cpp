// Attention: out_i = Σ_j softmax_j(scale · score(i, j)) · value_j, for each head by itself.
//   plain     score(i, j) = q_i · k_j
//   relative  score(i, j) = (q_i + u) · k_j + (q_i + v) · p(i − j)                     (Transformer-XL, B.1)
//   cached    as plain over all rows so far; row i of the query sees those up to itself
// Keys and values of a layer's cache lie as [batch, row, head, width], like the tensors they come from.
#include <algorithm>
#include <cassert>
#include <cmath>

#include "kernels/reference/substrate.hpp"

namespace nightingale::reference {

namespace {

// [batch, row, head, width]
struct Heads {
  std::int64_t batch, rows, heads, width;
  const double* data;

  explicit Heads(const Tensor& x)
      : batch(x.shape().count(0)),
        rows(x.shape().count(1)),
        heads(x.shape().count(2)),
        width(x.shape().count(3)),
        data(x.data<double>()) {}
  // Entries [first, first + count) of the batch.
  Heads part(std::int64_t first, std::int64_t count) const {
    Heads some(*this);
    some.batch = count;
    some.data = at(first, 0, 0);
    return some;
  }
  // The same entries with other rows.
  Heads with(std::int64_t row_count, const std::vector<double>& numbers) const {
    Heads other(*this);
    other.rows = row_count;
    other.data = numbers.data();
    return other;
  }
  const double* at(std::int64_t item, std::int64_t row, std::int64_t head) const {
    return data + ((item * rows + row) * heads + head) * width;
  }
};

double dot(const double* left, const double* right, std::int64_t width) {
  double sum = 0;
  for (std::int64_t i = 0; i < width; ++i) sum += left[i] * right[i];
  return sum;
}

void softmax(std::vector<double>& scores) {
  const double most = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& score : scores) sum += score = std::exp(score - most);
  for (double& score : scores) score /= sum;
}

// `score(item, i, head, j)` says how much row i looks at row j, `seen(i)` how many rows it sees.
template <typename Score, typename Seen>
void attend(const Heads& query, const Heads& value, double* to, Score score, Seen seen) {
  for (std::int64_t item = 0; item < query.batch; ++item) {
    for (std::int64_t i = 0; i < query.rows; ++i) {
      for (std::int64_t head = 0; head < query.heads; ++head, to += query.width) {
        std::fill_n(to, query.width, 0.0);
        std::vector<double> shares(static_cast<std::size_t>(seen(i)));
        if (shares.empty()) continue;
        for (std::size_t j = 0; j < shares.size(); ++j) {
          shares[j] = score(item, i, head, static_cast<std::int64_t>(j));
        }
        softmax(shares);
        for (std::size_t j = 0; j < shares.size(); ++j) {
          const double* row = value.at(item, static_cast<std::int64_t>(j), head);
          for (std::int64_t w = 0; w < query.width; ++w) to[w] += shares[j] * row[w];
        }
      }
    }
  }
}

// All earlier keys and values, of each layer and item.
class ReferenceCache : public Cache {
 public:
  explicit ReferenceCache(const CacheSizes& sizes)
      : Cache(sizes),
        keys_(static_cast<std::size_t>(sizes.layers)),
        values_(static_cast<std::size_t>(sizes.layers)) {}

  const std::vector<double>& append_key(std::int64_t layer, const Heads& key) {
    return append(keys_[static_cast<std::size_t>(layer)], key);
  }
  const std::vector<double>& append_value(std::int64_t layer, const Heads& value) {
    return append(values_[static_cast<std::size_t>(layer)], value);
  }

 private:
  void take_over(const Cache& other, const Size& rows) override {
    const auto& from = static_cast<const ReferenceCache&>(other);
    const auto take = [&](const std::vector<std::vector<double>>& all, std::vector<std::vector<double>>& to) {
      const std::int64_t batch = sizes_.batch.size.number();
      const std::int64_t kept = rows.number() * sizes_.head.size.number() * sizes_.width.size.number();
      for (std::size_t layer = 0; layer < all.size(); ++layer) {
        const auto stored = static_cast<std::int64_t>(all[layer].size()) / batch;
        for (std::int64_t item = 0; item < batch; ++item) {
          const auto first = all[layer].begin() + item * stored;
          to[layer].insert(to[layer].end(), first, first + kept);
        }
      }
    };
    take(from.keys_, keys_);
    take(from.values_, values_);
  }

  // Rows beyond `length` are of a pass that was not finished: they are written over.
  const std::vector<double>& append(std::vector<double>& held, const Heads& fresh) const {
    const std::int64_t before = length_.number() * fresh.heads * fresh.width;
    const std::int64_t more = fresh.rows * fresh.heads * fresh.width;
    const std::int64_t stored = fresh.batch ? static_cast<std::int64_t>(held.size()) / fresh.batch : 0;
    assert(before <= stored && "the cache was advanced past a layer that appended nothing");
    std::vector<double> joined;
    for (std::int64_t item = 0; item < fresh.batch; ++item) {
      const auto first = held.begin() + item * stored;
      joined.insert(joined.end(), first, first + before);
      joined.insert(joined.end(), fresh.at(item, 0, 0), fresh.at(item, 0, 0) + more);
    }
    held = std::move(joined);
    return held;
  }

  std::vector<std::vector<double>> keys_, values_;  // by layer, [batch, row, head, width]
};

}  // namespace

std::unique_ptr<Cache> Reference::make_cache(const CacheSizes& sizes) {
  return std::make_unique<ReferenceCache>(sizes);
}

void Reference::do_attention(const Tensor& query, const Tensor& key, const Tensor& value, float scale,
                             Tensor& out) {
  const Heads q(query), k(key);
  attend(
      q, Heads(value), out.data<double>(),
      [&](std::int64_t item, std::int64_t i, std::int64_t head, std::int64_t j) {
        return scale * dot(q.at(item, i, head), k.at(item, j, head), q.width);
      },
      [&](std::int64_t) { return k.rows; });
}

void Reference::do_relative_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                      const Tensor& position, const Weight& u, const Weight& v, float scale,
                                      Tensor& out) {
  const Heads q(query), k(key);
  const auto score = [&](std::int64_t item, std::int64_t i, std::int64_t head, std::int64_t j) {
    const double* row = q.at(item, i, head);
    const double* other = k.at(item, j, head);
    // position holds p(rows − 1) first, so p(i − j) stands at rows − 1 − (i − j).
    const double* distance = position.data<double>() + ((q.rows - 1 - (i - j)) * q.heads + head) * q.width;
    double sum = 0;
    for (std::int64_t w = 0; w < q.width; ++w) {
      sum += (row[w] + u.values()[head * q.width + w]) * other[w];
      sum += (row[w] + v.values()[head * q.width + w]) * distance[w];
    }
    return scale * sum;
  };
  attend(q, Heads(value), out.data<double>(), score, [&](std::int64_t) { return k.rows; });
}

void Reference::do_cached_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                    std::span<Cache* const> caches, std::int64_t layer, float scale,
                                    Tensor& out) {
  const Heads all(query);
  std::int64_t first = 0;
  for (Cache* cache : caches) {
    auto& own = static_cast<ReferenceCache&>(*cache);
    const std::int64_t before = cache->length().number(), count = cache->sizes().batch.size.number();
    const Heads q = all.part(first, count);
    const Heads k = q.with(before + q.rows, own.append_key(layer, Heads(key).part(first, count)));
    const Heads v = q.with(before + q.rows, own.append_value(layer, Heads(value).part(first, count)));
    attend(
        q, v, out.data<double>() + (q.data - all.data),
        [&](std::int64_t item, std::int64_t i, std::int64_t head, std::int64_t j) {
          return scale * dot(q.at(item, i, head), k.at(item, j, head), q.width);
        },
        [&](std::int64_t i) { return before + i + 1; });
    first += count;
  }
}

void Reference::do_rotary(const Tensor& x, std::span<const float> frequencies, std::span<const Size> starts,
                          Tensor& out) {
  const Heads from(x);
  const std::int64_t half = from.width / 2;
  double* to = out.data<double>();
  for (std::int64_t item = 0; item < from.batch; ++item) {
    const std::int64_t start = starts[starts.size() > 1 ? static_cast<std::size_t>(item) : 0].number();
    for (std::int64_t row = 0; row < from.rows; ++row) {
      for (std::int64_t head = 0; head < from.heads; ++head, to += from.width) {
        const double* pair = from.at(item, row, head);
        for (std::int64_t i = 0; i < half; ++i) {
          const double angle = static_cast<double>(start + row) * frequencies[static_cast<std::size_t>(i)];
          to[i] = pair[i] * std::cos(angle) - pair[i + half] * std::sin(angle);
          to[i + half] = pair[i + half] * std::cos(angle) + pair[i] * std::sin(angle);
        }
      }
    }
  }
}

}  // namespace nightingale::reference

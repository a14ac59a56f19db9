// The three attentions against the reference. Their tolerance is wider: the exponential turns an error of a
// score, which is a sum of `width` products, into a relative error of a weight.
#include <cmath>

#include "both.hpp"
#include "kernels/cpu/quantized.hpp"

using namespace nightingale;
using namespace nightingale::testing;

namespace {

constexpr double softened = 4e-6;

Shape heads_of(std::int64_t batch, std::int64_t rows, std::int64_t heads, std::int64_t width) {
  return {{"batch", batch}, {"row", rows}, {"head", heads}, {"width", width}};
}

// As a decoder whose weights are of few bits keeps its cache.
void keep_bytes(Ops& op) {
  Weight weight = random_weight("matrix", {{"out", 16}, {"in", 64}}, 1, Use::matmul);
  weight.record().precision = Precision::int8;
  weight.record().decodes = true;
  op.prepare(weight);
}

}  // namespace

TEST_CASE("attention_agrees_where_every_row_sees_all") {
  struct Sizes {
    std::int64_t batch, rows, count, heads, width;
  };
  for (const Sizes s : {Sizes{1, 1, 1, 1, 1},
                        {2, 65, 65, 3, 16},
                        {1, 32, 150, 4, 64},
                        {2, 130, 7, 2, 20},
                        {1, 300, 301, 1, 64}}) {
    CAPTURE(s.rows);
    CAPTURE(s.count);
    CHECK(agree(
        [&](Ops& op) {
          const Tensor query = random_tensor(op, heads_of(s.batch, s.rows, s.heads, s.width), 1);
          const Tensor key = random_tensor(op, heads_of(s.batch, s.count, s.heads, s.width), 2);
          const Tensor value = random_tensor(op, heads_of(s.batch, s.count, s.heads, s.width), 3);
          return op.attention(query, key, value, 0.3F);
        },
        softened));
  }
}

TEST_CASE("attention_survives_scores_that_would_overflow_an_exponential") {
  CHECK(agree(
      [](Ops& op) {
        const Tensor x = random_tensor(op, heads_of(1, 20, 2, 16), 4, 10);
        return op.attention(x, x, x, 5);
      },
      softened));
}

TEST_CASE("attention_by_bytes_is_as_far_from_float32_as_the_rounding") {
  struct Sizes {
    std::int64_t batch, rows, count, heads, width;
  };
  for (const Sizes s : {Sizes{2, 65, 65, 3, 16}, {1, 300, 301, 2, 64}, {1, 100, 750, 1, 64}}) {
    CAPTURE(s.count);
    const auto lines = [&](Ops& op) {
      const Tensor query = random_tensor(op, heads_of(s.batch, s.rows, s.heads, s.width), 1);
      const Tensor key = op.scale(random_tensor(op, heads_of(s.batch, s.count, s.heads, s.width), 2), 1, 3);
      const Tensor value = random_tensor(op, heads_of(s.batch, s.count, s.heads, s.width), 3);
      return op.attention(query, key, value, 0.3F);
    };
    const auto bytes = make_cpu({.threads = test_threads, .attention = Precision::int8});
    const auto floats = make_cpu({.threads = test_threads});
    const std::vector<float> exact = floats->read(lines(*floats)), rounded = bytes->read(lines(*bytes));
    const double apart = distance(rounded, exact);
    CHECK(apart < (cpu::most_of(Precision::int8) < cpu::most_byte ? 0.05 : 0.03));
    if (cpu::bytes_pay()) CHECK(apart > 0);
  }
}

TEST_CASE("relative_attention_agrees_inside_and_across_tiles") {
  for (const std::int64_t rows : {1, 2, 31, 64, 65, 200}) {
    CAPTURE(rows);
    const Weight u = random_weight("u", {{"head", 3}, {"width", 16}}, 5);
    const Weight v = random_weight("v", {{"head", 3}, {"width", 16}}, 6);
    CHECK(agree(
        [&](Ops& op) {
          const Tensor query = random_tensor(op, heads_of(2, rows, 3, 16), 7);
          const Tensor key = random_tensor(op, heads_of(2, rows, 3, 16), 8);
          const Tensor value = random_tensor(op, heads_of(2, rows, 3, 16), 9);
          const Tensor position =
              random_tensor(op, {{"relative", 2 * rows - 1}, {"head", 3}, {"width", 16}}, 10);
          return op.relative_attention(query, key, value, position, u, v, 0.25F);
        },
        softened));
  }
}

TEST_CASE("cached_attention_agrees_through_a_prompt_and_the_steps_after_it") {
  for (const std::int64_t width : {64, 20}) {
    for (const std::int64_t prompt : {1, 7, 70, 130}) {
      CAPTURE(prompt);
      CHECK(agree(
          [&](Ops& op) {
            const auto cache = op.make_cache({.batch = {"batch", 2},
                                              .head = {"head", 3},
                                              .width = {"width", width},
                                              .layers = 2,
                                              .most_rows = 140});
            Tensor out;
            std::uint32_t seed = 11;
            for (const std::int64_t rows : {prompt, std::int64_t{1}, std::int64_t{2}, std::int64_t{1}}) {
              for (const std::int64_t layer : {0, 1}) {
                const Tensor query = random_tensor(op, heads_of(2, rows, 3, width), ++seed);
                const Tensor key = random_tensor(op, heads_of(2, rows, 3, width), ++seed);
                const Tensor value = random_tensor(op, heads_of(2, rows, 3, width), ++seed);
                out = op.cached_attention(query, key, value, *cache, layer, 0.125F);
              }
              cache->advance(rows);
            }
            return out;
          },
          softened));
    }
  }
}

TEST_CASE("cached_attention_of_sequences_of_different_lengths_agrees") {
  for (const std::int64_t rows : {1, 70}) {
    CAPTURE(rows);
    CHECK(agree(
        [&](Ops& op) {
          std::vector<std::unique_ptr<Cache>> caches;
          std::uint32_t seed = 50;
          const auto attend = [&](std::int64_t batch, std::int64_t count, std::span<Cache* const> own) {
            const Tensor query = random_tensor(op, heads_of(batch, count, 3, 20), ++seed);
            const Tensor key = random_tensor(op, heads_of(batch, count, 3, 20), ++seed);
            const Tensor value = random_tensor(op, heads_of(batch, count, 3, 20), ++seed);
            return op.cached_attention(query, key, value, own, 0, 0.25F);
          };
          for (const auto& [batch, prompt] : {std::pair{2, 5}, {1, 90}, {2, 1}}) {
            caches.push_back(op.make_cache({.batch = {"batch", batch},
                                            .head = {"head", 3},
                                            .width = {"width", 20},
                                            .layers = 1,
                                            .most_rows = 200}));
            attend(batch, prompt, std::array{caches.back().get()});
            caches.back()->advance(prompt);
          }
          return attend(5, rows, std::array{caches[0].get(), caches[1].get(), caches[2].get()});
        },
        softened));
  }
}

TEST_CASE("a_cache_that_begins_with_rows_of_another_goes_on_as_if_they_were_its_own") {
  constexpr std::int64_t layers = 2, shared = 77, longest = 130;
  const auto cpu = make_cpu({.threads = test_threads}), narrow = make_cpu({.threads = test_threads});
  const auto reference = make_reference();
  keep_bytes(*narrow);
  for (Ops* op : {cpu.get(), narrow.get(), reference.get()}) {
    const auto make = [&](std::int64_t most_rows) {
      return op->make_cache({.batch = {"batch", 2},
                             .head = {"head", 3},
                             .width = {"width", 20},
                             .layers = layers,
                             .most_rows = most_rows});
    };
    const auto attend = [&](Cache& cache, std::int64_t rows, std::uint32_t seed, std::int64_t taken) {
      std::vector<float> all;
      for (std::int64_t layer = 0; layer < layers; ++layer) {
        const auto part = [&] {
          return op->slice(random_tensor(*op, heads_of(2, rows, 3, 20), ++seed), "row", 0, taken);
        };
        const Tensor query = part(), key = part(), value = part();
        const std::vector<float> out = op->read(op->cached_attention(query, key, value, cache, layer, 0.25F));
        all.insert(all.end(), out.begin(), out.end());
      }
      cache.advance(taken);
      return all;
    };
    const auto own = make(shared + 3), longer = make(longest), other = make(300);
    attend(*own, longest, 5, shared);
    attend(*longer, longest, 5, longest);
    other->begin_with(*longer, shared);
    CHECK(other->length() == Size(shared));
    CHECK(attend(*other, 3, 6, 3) == attend(*own, 3, 6, 3));
  }
}

TEST_CASE("cached_attention_in_bytes_is_as_far_from_float32_as_the_rounding") {
  const auto lines = [](Ops& op, std::int64_t width) {
    const auto cache = op.make_cache({.batch = {"batch", 2},
                                      .head = {"head", 3},
                                      .width = {"width", width},
                                      .layers = 1,
                                      .most_rows = 140});
    std::vector<float> all;
    std::uint32_t seed = 11;
    for (const std::int64_t rows : {130, 1, 2}) {
      const Tensor query = random_tensor(op, heads_of(2, rows, 3, width), ++seed);
      const Tensor key = random_tensor(op, heads_of(2, rows, 3, width), ++seed);
      const Tensor value = random_tensor(op, heads_of(2, rows, 3, width), ++seed);
      const std::vector<float> out = op.read(op.cached_attention(query, key, value, *cache, 0, 0.125F));
      all.insert(all.end(), out.begin(), out.end());
      cache->advance(rows);
    }
    return all;
  };
  for (const std::int64_t width : {64, 20}) {
    CAPTURE(width);
    const auto wide = make_cpu({.threads = test_threads}), narrow = make_cpu({.threads = test_threads});
    keep_bytes(*narrow);
    const std::vector<float> exact = lines(*wide, width), rounded = lines(*narrow, width);
    const double apart = distance(rounded, exact);
    CHECK(apart < 0.009);
    CHECK(apart > 0);
  }
}

TEST_CASE("cached_attention_of_a_prompt_is_causal") {
  CHECK(agree(
      [](Ops& op) {
        const auto cache = op.make_cache({.batch = {"batch", 1},
                                          .head = {"head", 2},
                                          .width = {"width", 16},
                                          .layers = 1,
                                          .most_rows = 150});
        const Tensor x = random_tensor(op, heads_of(1, 150, 2, 16), 30);
        return op.cached_attention(x, x, x, *cache, 0, 0.25F);
      },
      softened));
}

// The kernels on the shapes of the real model, beside what the machine can do, all in one run:
//
//   bench_kernels [threads] [rounds] [part of a name]
//
// The cases take turns, so that a disturbance of the machine meets all of them. A line gives the best and the
// median time, the rate of the best, and its share of the limit: multiply-adds from registers for what is
// bound by arithmetic, reading memory for what is bound by memory.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "close.hpp"
#include "kernels/cpu/cpu.hpp"
#include "kernels/cpu/limits.hpp"

using namespace nightingale;
using nightingale::testing::random_tensor;
using nightingale::testing::random_weight;

namespace {

enum class Bound { arithmetic, memory };

struct Case {
  std::string name;
  Bound bound;
  double work;  // floating-point operations, or bytes
  std::function<void()> run;
  std::vector<double> seconds = {};
};

double seconds_of(const std::function<void()>& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class Bench {
 public:
  explicit Bench(int threads)
      : threads_(threads),
        op_(make_cpu({threads})),
        much_(much_memory / sizeof(float), 1.0F) {
    cases_.push_back({"limit: multiply-add", Bound::arithmetic, cpu::multiply_add_f32(threads),
                      [this] { cpu::multiply_add_f32(threads_); }});
    cases_.push_back({"limit: read memory", Bound::memory, double(much_memory),
                      [this] { cpu::read_all(threads_, much_); }});
  }

  // Every layer of decoding has weights of its own, so that none is in cache when its turn comes.
  void decode(std::int64_t rows, std::int64_t in, std::int64_t out) {
    const std::int64_t copies = much_memory / (4 * in * out) + 1;
    std::vector<Weight> weights;
    for (std::int64_t i = 0; i < copies; ++i) weights.push_back(matrix(in, out));
    const Tensor x = random_tensor(*op_, {{"batch", rows}, {"row", 1}, {"in", in}}, 1);
    add(fmt::format("linear {} rows {}→{}", rows, in, out), Bound::memory, double(copies * 4 * in * out),
        [this, weights, x] {
          for (const Weight& weight : weights) op_->linear(x, weight, {});
        });
  }

  void linear(std::int64_t rows, std::int64_t in, std::int64_t out, Activation then = {}) {
    const Weight weight = matrix(in, out), bias = random_weight("bias", {{"out", out}}, 2);
    const Tensor x = random_tensor(*op_, {{"batch", 1}, {"row", rows}, {"in", in}}, 1);
    add(fmt::format("linear {} rows {}→{}{}", rows, in, out,
                    then.kind == Activation::Kind::none ? "" : " fused"),
        Bound::arithmetic, 2.0 * double(rows * in * out),
        [this, weight, bias, x, then] { op_->linear(x, weight, bias, {.then = then}); });
  }

  void conv(std::int64_t batch, std::int64_t rows, std::int64_t in, std::int64_t out, std::int64_t taps,
            Convolution shape = {}) {
    Weight weight = random_weight("w", {{"out", out}, {"in", in}, {"tap", taps}}, 3, Use::convolution);
    op_->prepare(weight);
    const std::int64_t spare = (taps - 1) * shape.dilation;
    if (shape.stride == 1) shape.pad_left = spare / 2, shape.pad_right = spare - spare / 2;
    const Tensor x = random_tensor(*op_, {{"batch", batch}, {"row", rows}, {"in", in}}, 1);
    const std::int64_t out_rows = op_->conv1d(x, weight, {}, shape).shape().count(1);
    add(fmt::format("conv1d {}×{} {}→{} taps {} dilation {} stride {}", batch, rows, in, out, taps,
                    shape.dilation, shape.stride),
        Bound::arithmetic, 2.0 * double(batch * out_rows * in * out * taps),
        [this, weight, x, shape] { op_->conv1d(x, weight, {}, shape); });
  }

  void conv_transpose(std::int64_t rows, std::int64_t in, std::int64_t out, std::int64_t taps,
                      TransposedConvolution shape) {
    Weight weight =
        random_weight("w", {{"in", in}, {"out", out}, {"tap", taps}}, 3, Use::transposed_convolution);
    op_->prepare(weight);
    const Tensor x = random_tensor(*op_, {{"batch", 1}, {"row", rows}, {"in", in}}, 1);
    add(fmt::format("conv_transpose1d {} {}→{} taps {} stride {}", rows, in, out, taps, shape.stride),
        Bound::arithmetic, 2.0 * double(rows * in * out * taps),
        [this, weight, x, shape] { op_->conv_transpose1d(x, weight, {}, shape); });
  }

  void attention(std::int64_t batch, std::int64_t rows, std::int64_t heads, std::int64_t width) {
    const Shape shape{{"batch", batch}, {"row", rows}, {"head", heads}, {"width", width}};
    const Tensor x = random_tensor(*op_, shape, 4);
    add(fmt::format("attention {}×{} {}×{}", batch, rows, heads, width), Bound::arithmetic,
        4.0 * double(batch * heads * rows * rows * width), [this, x] { op_->attention(x, x, x, 0.125F); });
  }

  void relative(std::int64_t rows, std::int64_t heads, std::int64_t width) {
    const Tensor x = random_tensor(*op_, {{"batch", 1}, {"row", rows}, {"head", heads}, {"width", width}}, 4);
    const Tensor position =
        random_tensor(*op_, {{"relative", 2 * rows - 1}, {"head", heads}, {"width", width}}, 5);
    const Weight u = random_weight("u", {{"head", heads}, {"width", width}}, 6);
    add(fmt::format("relative_attention {} {}×{}", rows, heads, width), Bound::arithmetic,
        6.0 * double(heads * rows * rows * width),
        [this, x, position, u] { op_->relative_attention(x, x, x, position, u, u, 0.125F); });
  }

  void cached(std::int64_t batch, std::int64_t context, std::int64_t heads, std::int64_t width) {
    constexpr std::int64_t layers = 30;
    const Shape shape{{"batch", batch}, {"row", 1}, {"head", heads}, {"width", width}};
    const Tensor x = random_tensor(*op_, shape, 7);
    std::shared_ptr<Cache> cache = op_->make_cache({shape[0], shape[2], shape[3], layers, context + 1});
    const Tensor prompt = random_tensor(*op_, {shape[0], {"row", context}, shape[2], shape[3]}, 8);
    for (std::int64_t layer = 0; layer < layers; ++layer) {
      op_->cached_attention(prompt, prompt, prompt, *cache, layer, 0.125F);
    }
    cache->advance(context);
    add(fmt::format("cached_attention {}×{} {}×{}", batch, context, heads, width), Bound::memory,
        double(8 * layers * batch * context * heads * width), [this, x, cache] {
          for (std::int64_t layer = 0; layer < layers; ++layer)
            op_->cached_attention(x, x, x, *cache, layer, 0.125F);
        });
  }

  // An operation that reads and writes `numbers` floats.
  void pass(const std::string& name, std::int64_t rows, std::int64_t channels,
            const std::function<void(Ops&, const Tensor&)>& run) {
    const Tensor x = random_tensor(*op_, {{"batch", 1}, {"row", rows}, {"channel", channels}}, 8);
    add(fmt::format("{} {}×{}", name, rows, channels), Bound::memory, double(8 * rows * channels),
        [this, x, run] { run(*op_, x); });
  }

  void report(int rounds, const std::string& part) {
    for (int round = 0; round < rounds; ++round) {
      for (std::size_t i = 0; i < cases_.size(); ++i) {
        if (i < 2 || cases_[i].name.find(part) != std::string::npos)
          cases_[i].seconds.push_back(seconds_of(cases_[i].run));
      }
    }
    const double most_operations = rate(cases_[0]), most_bytes = rate(cases_[1]);
    fmt::print("{} threads, {} rounds\n", threads_, rounds);
    for (Case& c : cases_) {
      if (c.seconds.empty()) continue;
      const double limit = c.bound == Bound::arithmetic ? most_operations : most_bytes;
      const double best = *std::min_element(c.seconds.begin(), c.seconds.end());
      std::nth_element(c.seconds.begin(), c.seconds.begin() + std::ptrdiff_t(c.seconds.size() / 2),
                       c.seconds.end());
      fmt::print("{:<52} best {:9.3f} ms  median {:9.3f} ms  {:7.1f} {}  {:4.0f} %\n", c.name, best * 1e3,
                 c.seconds[c.seconds.size() / 2] * 1e3, rate(c) / 1e9,
                 c.bound == Bound::arithmetic ? "GFLOP/s" : "GB/s   ", 100 * rate(c) / limit);
    }
  }

 private:
  static constexpr std::int64_t much_memory = 256 << 20;  // many times the largest cache

  static Weight matrix(std::int64_t in, std::int64_t out) {
    const std::vector<float> numbers(static_cast<std::size_t>(in * out), 0.01F);
    return testing::weight_of("w", {{"out", out}, {"in", in}}, numbers, Use::matmul);
  }
  static double rate(const Case& c) { return c.work / *std::min_element(c.seconds.begin(), c.seconds.end()); }
  void add(std::string name, Bound bound, double work, std::function<void()> run) {
    run();
    cases_.push_back({std::move(name), bound, work, std::move(run)});
  }

  int threads_;
  std::unique_ptr<Ops> op_;
  std::vector<float> much_;
  std::vector<Case> cases_;
};

// 10 s of prompt and 5 s of speech: 750 frames in the flow, 250 mel frames in the vocoder.
void add_cases(Bench& bench) {
  using Kind = Activation::Kind;
  for (const std::int64_t rows : {1, 2, 4, 8}) bench.decode(rows, 1024, 4096);
  bench.decode(2, 1024, 1024);
  bench.decode(2, 4096, 1024);
  bench.decode(2, 1024, 8194);
  for (const std::int64_t context : {200, 1000}) bench.cached(2, context, 16, 64);
  bench.linear(200, 1024, 4096);
  bench.linear(200, 4096, 1024);
  bench.linear(1500, 256, 512);
  bench.linear(1500, 512, 256);
  bench.linear(1500, 256, 1024, {Kind::gelu});
  bench.linear(1500, 1024, 256);
  bench.linear(750, 512, 2048, {Kind::silu});
  bench.linear(750, 2048, 512);
  bench.attention(2, 750, 8, 64);
  bench.relative(750, 8, 64);
  bench.conv(2, 750, 320, 256, 3);
  bench.conv(2, 750, 256, 256, 3);
  bench.conv(1, 250, 80, 512, 7);
  for (const std::int64_t taps : {3, 7, 11}) {
    bench.conv(1, 2000, 256, 256, taps, {1, 3});
    bench.conv(1, 10000, 128, 128, taps, {1, 3});
    bench.conv(1, 30001, 64, 64, taps, {1, 3});
  }
  bench.conv(1, 30001, 18, 256, 30, {15, 1});
  bench.conv(1, 30001, 18, 128, 6, {3, 1});
  bench.conv(1, 30001, 18, 64, 1);
  bench.conv(1, 30001, 64, 18, 7);
  bench.conv_transpose(250, 512, 256, 16, {8, 4});
  bench.conv_transpose(2000, 256, 128, 11, {5, 3});
  bench.conv_transpose(10000, 128, 64, 7, {3, 2});
  const Weight alpha = random_weight("alpha", {{"channel", 64}}, 9);
  bench.pass("snake", 30001, 64, [alpha](Ops& op, const Tensor& x) { op.snake(x, alpha); });
  const Weight scale = random_weight("scale", {{"channel", 256}}, 10);
  bench.pass("layer_norm", 1500, 256,
             [scale](Ops& op, const Tensor& x) { op.layer_norm(x, scale, scale, 1e-5F); });
  bench.pass("layer_norm mish", 1500, 256,
             [scale](Ops& op, const Tensor& x) { op.layer_norm(x, scale, scale, 1e-5F, {Kind::mish}); });
  bench.pass("gelu", 1500, 1024, [](Ops& op, const Tensor& x) { op.activate(x, {Kind::gelu}); });
  bench.pass("add", 30001, 64, [](Ops& op, const Tensor& x) { op.add(x, x); });
}

}  // namespace

int main(int count, char** arguments) {
  const int threads = count > 1 ? std::atoi(arguments[1]) : 2;
  const int rounds = count > 2 ? std::atoi(arguments[2]) : 15;
  Bench bench(std::max(threads, 1));
  add_cases(bench);
  bench.report(std::max(rounds, 1), count > 3 ? arguments[3] : "");
}

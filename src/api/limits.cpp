// The machine's limits, each the best of a few tries.
#include "kernels/cpu/limits.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include "nightingale/nightingale.hpp"

namespace nightingale {

namespace {

constexpr int tries = 5;
constexpr std::size_t read_numbers = 64 << 20;  // 256 MB: more than any cache holds

// What `work` says it did, a second.
template <typename Work>
double best_rate(const Work& work) {
  double best = 0;
  for (int attempt = 0; attempt < tries; ++attempt) {
    const auto start = std::chrono::steady_clock::now();
    const double did = work();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::max(best, did / seconds.count());
  }
  return best;
}

}  // namespace

MachineLimits measure_limits(int threads) {
  const std::vector<float> numbers(read_numbers, 1.0F);
  const auto read = [&] {
    const float sum = cpu::read_all(threads, numbers);
    return sum > 0 ? static_cast<double>(numbers.size() * sizeof(float)) : 0.0;
  };
  return {.read_bytes = best_rate(read),
          .f32 = best_rate([&] { return cpu::multiply_add_f32(threads); }),
          .bf16 = best_rate([&] { return cpu::multiply_add_bf16(threads); }),
          .int8 = best_rate([&] { return cpu::multiply_add_int8(threads); })};
}

}  // namespace nightingale

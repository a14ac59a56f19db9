// See limits.hpp.
#include "limits.hpp"

#include <vector>

#include "kernels/cpu/lanes.hpp"
#include "kernels/cpu/multiversion.hpp"
#include "kernels/cpu/parallel.hpp"

namespace nightingale::bench {

using cpu::Lanes;
using cpu::lanes;

namespace {

constexpr int chains = 12;  // independent sums: enough to hide the latency of a multiply-add

NIGHTINGALE_MULTIVERSION
float spin(std::int64_t steps) {
  Lanes sum[chains] = {};
  Lanes factor = {}, step = {};
  for (int c = 0; c < chains; ++c) sum[c] += static_cast<float>(c);  // or they would be computed once
  factor += 0.999F;
  step += 0.001F;
  for (std::int64_t i = 0; i < steps; ++i) {
#pragma GCC unroll 12
    for (int c = 0; c < chains; ++c) sum[c] = sum[c] * factor + step;
  }
  float total = 0;
#pragma GCC unroll 12
  for (int c = 0; c < chains; ++c) total += sum[c][0];
  return total;
}

NIGHTINGALE_MULTIVERSION
float sum_of(const float* numbers, std::int64_t count) {
  constexpr int streams = 8;
  Lanes sum[streams] = {};
  constexpr std::int64_t ahead = 4096;  // numbers: the rate is reached only when memory is asked this early
  for (std::int64_t i = 0; i + streams * lanes <= count; i += streams * lanes) {
#pragma GCC unroll 8
    for (int s = 0; s < streams; ++s) {
      __builtin_prefetch(numbers + i + s * lanes + ahead, 0, 2);
      sum[s] += *reinterpret_cast<const Lanes*>(numbers + i + s * lanes);
    }
  }
  float total = 0;
#pragma GCC unroll 8
  for (int s = 0; s < streams; ++s) total += sum[s][0];
  return total;
}

}  // namespace

double multiply_add(int threads) {
  constexpr std::int64_t steps = 1 << 19;
  std::vector<float> kept(static_cast<std::size_t>(threads));
  cpu::take_turns(threads, threads,
                  [&](std::int64_t task, int) { kept[static_cast<std::size_t>(task)] = spin(steps); });
  return 2.0 * static_cast<double>(threads) * steps * chains * lanes * (kept[0] == 0 ? 0 : 1);
}

float read_all(int threads, std::span<const float> numbers) {
  std::vector<float> kept(static_cast<std::size_t>(threads));
  cpu::take_turns(threads, threads, [&](std::int64_t task, int) {
    const auto part = static_cast<std::int64_t>(numbers.size()) / threads;
    kept[static_cast<std::size_t>(task)] = sum_of(numbers.data() + task * part, part);
  });
  return kept[0];
}

}  // namespace nightingale::bench

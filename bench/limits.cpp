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

// Four streams a page apart, asked for one block early: of the patterns tried, memory answers this one
// fastest.
NIGHTINGALE_MULTIVERSION
float sum_of(const float* numbers, std::int64_t count) {
  constexpr int streams = 4;
  constexpr std::int64_t page = 1024, block = streams * page;  // numbers
  Lanes sum[streams] = {};
  for (std::int64_t first = 0; first + block <= count; first += block) {
    for (std::int64_t i = 0; i < page; i += lanes) {
#pragma GCC unroll 4
      for (int s = 0; s < streams; ++s) {
        const float* at = numbers + first + s * page + i;
        __builtin_prefetch(at + block, 0, 2);
        sum[s] += *reinterpret_cast<const Lanes*>(at);
      }
    }
  }
  float total = 0;
#pragma GCC unroll 4
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

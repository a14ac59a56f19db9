// See limits.hpp.
#include "kernels/cpu/limits.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <vector>

#include "base/multiversion.hpp"
#include "kernels/cpu/lanes.hpp"
#include "kernels/cpu/parallel.hpp"

namespace nightingale::cpu {

namespace {

constexpr int chains = 12;  // independent sums: enough to hide the latency of a multiply-add

template <int width>
NIGHTINGALE_INLINE float spin(std::int64_t steps) {
  Register<width> sum[chains] = {};
  Register<width> factor = {}, step = {};
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
template <int width>
NIGHTINGALE_INLINE float sum_of(const float* numbers, std::int64_t count) {
  constexpr int streams = 4;
  constexpr std::int64_t page = 1024, block = streams * page;  // numbers
  Register<width> sum[streams] = {};
  for (std::int64_t first = 0; first + block <= count; first += block) {
    for (std::int64_t i = 0; i < page; i += width) {
#pragma GCC unroll 4
      for (int s = 0; s < streams; ++s) {
        const float* at = numbers + first + s * page + i;
        __builtin_prefetch(at + block, 0, 2);
        sum[s] += *reinterpret_cast<const Register<width>*>(at);
      }
    }
  }
  float total = 0;
#pragma GCC unroll 4
  for (int s = 0; s < streams; ++s) total += sum[s][0];
  return total;
}

NIGHTINGALE_AVX512 float spin_avx512(std::int64_t steps) {
  return spin<16>(steps);
}
NIGHTINGALE_AVX2 float spin_avx2(std::int64_t steps) {
  return spin<8>(steps);
}
float spin_baseline(std::int64_t steps) {
  return spin<4>(steps);
}

NIGHTINGALE_AVX512 float sum_avx512(const float* from, std::int64_t count) {
  return sum_of<16>(from, count);
}
NIGHTINGALE_AVX2 float sum_avx2(const float* from, std::int64_t count) {
  return sum_of<8>(from, count);
}
float sum_baseline(const float* from, std::int64_t count) {
  return sum_of<4>(from, count);
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512bf16"))) float spin_bf16(std::int64_t times) {
  const __m512i bits = _mm512_set1_epi16(0x3c00);
  const auto number = reinterpret_cast<const __m512bh&>(bits);
  __m512 sum[chains];
  for (int c = 0; c < chains; ++c) sum[c] = _mm512_set1_ps(static_cast<float>(c));
  for (std::int64_t i = 0; i < times; ++i) {
#pragma GCC unroll 12
    for (int c = 0; c < chains; ++c) sum[c] = _mm512_dpbf16_ps(sum[c], number, number);
  }
  float total = 0;
  for (int c = 0; c < chains; ++c) total += _mm512_cvtss_f32(sum[c]);
  return total;
}

__attribute__((target("avx512f,avx512vnni"))) float spin_int8(std::int64_t times) {
  const __m512i number = _mm512_set1_epi8(1);
  __m512i sum[chains];
  for (int c = 0; c < chains; ++c) sum[c] = _mm512_set1_epi32(c);
  for (std::int64_t i = 0; i < times; ++i) {
#pragma GCC unroll 12
    for (int c = 0; c < chains; ++c) sum[c] = _mm512_dpbusd_epi32(sum[c], number, number);
  }
  int total = 0;
  for (int c = 0; c < chains; ++c) total += _mm512_cvtsi512_si32(sum[c]);
  return static_cast<float>(total);
}
#endif

std::int64_t lanes() {
  return level() == Level::avx512 ? 16 : level() == Level::avx2 ? 8 : 4;
}

}  // namespace

namespace {

constexpr std::int64_t steps = 1 << 19;

// What `run` does on each thread, `a_step` operations a step and chain.
template <typename Run>
double everywhere(int threads, const Run& run, std::int64_t a_step) {
  std::vector<float> kept(static_cast<std::size_t>(threads));
  take_turns(threads, threads,
             [&](std::int64_t task, int) { kept[static_cast<std::size_t>(task)] = run(steps); });
  return static_cast<double>(threads * steps * chains * a_step) * (kept[0] == 0.5F ? 0.999 : 1);
}

}  // namespace

double multiply_add_f32(int threads) {
  return everywhere(threads, of_level(spin_avx512, spin_avx2, spin_baseline), 2 * lanes());
}

double multiply_add_bf16([[maybe_unused]] int threads) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bf16")) return everywhere(threads, spin_bf16, 64);
#endif
  return 0;
}

double multiply_add_int8([[maybe_unused]] int threads) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512vnni")) return everywhere(threads, spin_int8, 128);
#endif
  return 0;
}

float read_all(int threads, std::span<const float> numbers) {
  std::vector<float> kept(static_cast<std::size_t>(threads));
  const auto run = of_level(sum_avx512, sum_avx2, sum_baseline);
  take_turns(threads, threads, [&](std::int64_t task, int) {
    const auto part = static_cast<std::int64_t>(numbers.size()) / threads;
    kept[static_cast<std::size_t>(task)] = run(numbers.data() + task * part, part);
  });
  return kept[0];
}

}  // namespace nightingale::cpu

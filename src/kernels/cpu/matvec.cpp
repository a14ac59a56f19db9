// See matvec.hpp. The kernel takes `tall` rows of the matrix at a time, so that a number of x that is loaded
// serves `tall` products, and asks for the next `tall` rows while it works on these: without that request
// the hardware stops at every page, and half the memory's rate is lost (measured: 24 GB/s against 40).
#include "kernels/cpu/matvec.hpp"

#include <algorithm>

#include "base/multiversion.hpp"
#include "kernels/cpu/lanes.hpp"

namespace nightingale::cpu {

namespace {

constexpr std::int64_t least_ahead = 2048;  // numbers; short rows would ask too late

// out[r·stride + t] for r < wide vectors and t < tall rows of the matrix.
template <int width, int wide, int tall>
NIGHTINGALE_INLINE void block(const float* x, std::int64_t in, const float* weight, float* out,
                              std::int64_t stride) {
  Register<width> sum[wide][tall] = {};
  const std::int64_t ahead = std::max(tall * in, least_ahead);
  const std::int64_t whole = in - in % width;
  for (std::int64_t i = 0; i < whole; i += width) {
#pragma GCC unroll 4
    for (int t = 0; t < tall; ++t) {
      const float* numbers = weight + t * in + i;
      constexpr int second_level = 2;  // of the caches
      __builtin_prefetch(numbers + ahead, 0, second_level);
      const Register<width> w = *reinterpret_cast<const Register<width>*>(numbers);
#pragma GCC unroll 4
      for (int r = 0; r < wide; ++r)
        sum[r][t] += w * *reinterpret_cast<const Register<width>*>(x + r * in + i);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < wide; ++r) {
#pragma GCC unroll 4
    for (int t = 0; t < tall; ++t) {
      float parts[width];
      *reinterpret_cast<Register<width>*>(parts) = sum[r][t];
      for (std::int64_t half = width / 2; half > 0; half /= 2) {
        for (std::int64_t lane = 0; lane < half; ++lane) parts[lane] += parts[lane + half];
      }
      float total = parts[0];
      for (std::int64_t i = whole; i < in; ++i) total += x[r * in + i] * weight[t * in + i];
      out[r * stride + t] = total;
    }
  }
}

// What a pass over the matrix needs.
struct Pass {
  const float* x;
  std::int64_t in;
  const float* weight;
  std::int64_t first, last;
  float* out;
  std::int64_t stride;
};

template <int width, int wide, int tall>
NIGHTINGALE_INLINE void blocks(const Pass& p) {
  std::int64_t o = p.first;
  for (; o + tall <= p.last; o += tall) {
    block<width, wide, tall>(p.x, p.in, p.weight + o * p.in, p.out + o, p.stride);
  }
  for (; o < p.last; ++o) block<width, wide, 1>(p.x, p.in, p.weight + o * p.in, p.out + o, p.stride);
}

// One, two or four vectors in a pass.
template <int width>
NIGHTINGALE_INLINE void pass_of(std::int64_t wide, const Pass& p) {
  constexpr int tall_of_four = width == 16 ? 4 : 2;  // as many sums as fit
  if (wide == 4) return blocks<width, 4, tall_of_four>(p);
  if (wide == 2) return blocks<width, 2, 4>(p);
  blocks<width, 1, 4>(p);
}

NIGHTINGALE_AVX512 void pass_avx512(std::int64_t wide, const Pass& p) {
  pass_of<16>(wide, p);
}

NIGHTINGALE_AVX2 void pass_avx2(std::int64_t wide, const Pass& p) {
  pass_of<8>(wide, p);
}

void pass_baseline(std::int64_t wide, const Pass& p) {
  pass_of<4>(wide, p);
}

}  // namespace

void matvec(std::int64_t rows, const float* x, std::int64_t in, const float* weight, std::int64_t first,
            std::int64_t last, float* out, std::int64_t stride) {
  static const auto pass = of_level(pass_avx512, pass_avx2, pass_baseline);
  // A band of the matrix that stays in cache while several groups of rows pass over it.
  constexpr std::int64_t band_numbers = 1 << 16;
  const bool one_pass = rows == 1 || rows == 2 || rows == 4;
  const std::int64_t band =
      one_pass ? last - first : std::max<std::int64_t>(4, band_numbers / (in + 1) / 4 * 4);
  for (std::int64_t start = first; start < last; start += band) {
    const std::int64_t end = std::min(start + band, last);
    for (std::int64_t row = 0; row < rows;) {
      const std::int64_t left = rows - row, wide = left >= 4 ? 4 : left >= 2 ? 2 : 1;
      pass(wide, {x + row * in, in, weight, start, end, out + row * stride, stride});
      row += wide;
    }
  }
}

}  // namespace nightingale::cpu

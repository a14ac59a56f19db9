// See matvec.hpp. The kernel takes `tall` rows of the matrix at a time, so that a number of x that is loaded
// serves `tall` products, and asks for the next `tall` rows while it works on these: without that request
// the hardware stops at every page, and half the memory's rate is lost (measured: 24 GB/s against 40).
#include "kernels/cpu/matvec.hpp"

#include <algorithm>

#include "kernels/cpu/lanes.hpp"
#include "kernels/cpu/multiversion.hpp"

namespace nightingale::cpu {

namespace {

constexpr std::int64_t least_ahead = 2048;  // numbers; short rows would ask too late

// out[r·stride + t] for r < wide vectors and t < tall rows of the matrix.
template <int wide, int tall>
NIGHTINGALE_INLINE void block(const float* x, std::int64_t in, const float* weight, float* out,
                              std::int64_t stride) {
  Lanes sum[wide][tall] = {};
  const std::int64_t ahead = std::max(tall * in, least_ahead);
  const std::int64_t whole = in - in % lanes;
  for (std::int64_t i = 0; i < whole; i += lanes) {
#pragma GCC unroll 4
    for (int t = 0; t < tall; ++t) {
      const float* numbers = weight + t * in + i;
      constexpr int second_level = 2;  // of the caches
      __builtin_prefetch(numbers + ahead, 0, second_level);
      const Lanes w = *reinterpret_cast<const Lanes*>(numbers);
#pragma GCC unroll 4
      for (int r = 0; r < wide; ++r) sum[r][t] += w * *reinterpret_cast<const Lanes*>(x + r * in + i);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < wide; ++r) {
#pragma GCC unroll 4
    for (int t = 0; t < tall; ++t) {
      float parts[lanes];
      *reinterpret_cast<Lanes*>(parts) = sum[r][t];
      for (int half = lanes / 2; half > 0; half /= 2) {
        for (int lane = 0; lane < half; ++lane) parts[lane] += parts[lane + half];
      }
      float total = parts[0];
      for (std::int64_t i = whole; i < in; ++i) total += x[r * in + i] * weight[t * in + i];
      out[r * stride + t] = total;
    }
  }
}

template <int wide, int tall>
NIGHTINGALE_INLINE void blocks(const float* x, std::int64_t in, const float* weight, std::int64_t first,
                               std::int64_t last, float* out, std::int64_t stride) {
  std::int64_t o = first;
  for (; o + tall <= last; o += tall) block<wide, tall>(x, in, weight + o * in, out + o, stride);
  for (; o < last; ++o) block<wide, 1>(x, in, weight + o * in, out + o, stride);
}

NIGHTINGALE_MULTIVERSION
void matvec_1(const float* x, std::int64_t in, const float* weight, std::int64_t first, std::int64_t last,
              float* out, std::int64_t stride) {
  blocks<1, 4>(x, in, weight, first, last, out, stride);
}

NIGHTINGALE_MULTIVERSION
void matvec_2(const float* x, std::int64_t in, const float* weight, std::int64_t first, std::int64_t last,
              float* out, std::int64_t stride) {
  blocks<2, 4>(x, in, weight, first, last, out, stride);
}

NIGHTINGALE_MULTIVERSION
void matvec_4(const float* x, std::int64_t in, const float* weight, std::int64_t first, std::int64_t last,
              float* out, std::int64_t stride) {
  blocks<4, 4>(x, in, weight, first, last, out, stride);
}

}  // namespace

void matvec(std::int64_t rows, const float* x, std::int64_t in, const float* weight, std::int64_t first,
            std::int64_t last, float* out, std::int64_t stride) {
  // A band of the matrix that stays in cache while several groups of rows pass over it.
  constexpr std::int64_t band_numbers = 1 << 16;
  const bool one_pass = rows == 1 || rows == 2 || rows == 4;
  const std::int64_t band =
      one_pass ? last - first : std::max<std::int64_t>(4, band_numbers / (in + 1) / 4 * 4);
  for (std::int64_t start = first; start < last; start += band) {
    const std::int64_t end = std::min(start + band, last);
    std::int64_t row = 0;
    for (; row + 4 <= rows; row += 4) {
      matvec_4(x + row * in, in, weight, start, end, out + row * stride, stride);
    }
    for (; row + 2 <= rows; row += 2) {
      matvec_2(x + row * in, in, weight, start, end, out + row * stride, stride);
    }
    if (row < rows) matvec_1(x + row * in, in, weight, start, end, out + row * stride, stride);
  }
}

}  // namespace nightingale::cpu

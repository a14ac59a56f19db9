// See matvec.hpp. The kernel takes `tall` rows of the matrix at a time, so that every number of x that is
// loaded serves `tall` products and as many streams of memory are in flight.
#include "kernels/cpu/matvec.hpp"

#include "kernels/cpu/multiversion.hpp"

namespace nightingale::cpu {

namespace {

constexpr int lanes = 16;  // one AVX-512 register, two of AVX2, four of SSE2
typedef float Lanes __attribute__((vector_size(lanes * sizeof(float)), aligned(sizeof(float)), may_alias));

// out[r·stride + t] for r < wide vectors and t < tall rows of the matrix.
template <int wide, int tall>
NIGHTINGALE_INLINE void block(const float* x, std::int64_t in, const float* weight, float* out,
                              std::int64_t stride) {
  Lanes sum[wide][tall] = {};
  const std::int64_t whole = in - in % lanes;
  for (std::int64_t i = 0; i < whole; i += lanes) {
    for (int t = 0; t < tall; ++t) {
      const Lanes w = *reinterpret_cast<const Lanes*>(weight + t * in + i);
      for (int r = 0; r < wide; ++r) sum[r][t] += w * *reinterpret_cast<const Lanes*>(x + r * in + i);
    }
  }
  for (int r = 0; r < wide; ++r) {
    for (int t = 0; t < tall; ++t) {
      float total = 0;
      for (int half = lanes / 2; half > 0; half /= 2) {
        for (int lane = 0; lane < half; ++lane) sum[r][t][lane] += sum[r][t][lane + half];
      }
      for (std::int64_t i = whole; i < in; ++i) total += x[r * in + i] * weight[t * in + i];
      out[r * stride + t] = total + sum[r][t][0];
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
  blocks<4, 2>(x, in, weight, first, last, out, stride);
}

}  // namespace

void matvec(std::int64_t rows, const float* x, std::int64_t in, const float* weight, std::int64_t first,
            std::int64_t last, float* out, std::int64_t stride) {
  // A band of the matrix that stays in cache while the rows beyond the first four pass over it.
  constexpr std::int64_t band_bytes = 256 << 10;
  const std::int64_t band = rows <= 4 ? last - first : 4 + band_bytes / static_cast<std::int64_t>(4 * in + 4);
  for (std::int64_t start = first; start < last; start += band) {
    const std::int64_t end = start + band < last ? start + band : last;
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

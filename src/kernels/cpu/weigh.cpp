// See weigh.hpp. Columns are taken a few registers at a time, so that their sums stay there over all rows.
#include "kernels/cpu/weigh.hpp"

#include "base/multiversion.hpp"
#include "kernels/cpu/lanes.hpp"

namespace nightingale::cpu {

namespace {

struct Weighing {
  const float* weights;
  std::int64_t count;
  const float* rows;
  std::int64_t columns;
  float* out;
};

// Columns first … first + registers · width − 1.
template <int width, int registers>
NIGHTINGALE_INLINE void weigh_columns(const Weighing& w, std::int64_t first) {
  Register<width> sum[registers] = {};
  const float* row = w.rows + first;
  for (std::int64_t j = 0; j < w.count; ++j, row += w.columns) {
#pragma GCC unroll 4
    for (int part = 0; part < registers; ++part) {
      sum[part] += w.weights[j] * *reinterpret_cast<const Register<width>*>(row + part * width);
    }
  }
#pragma GCC unroll 4
  for (int part = 0; part < registers; ++part) {
    *reinterpret_cast<Register<width>*>(w.out + first + part * width) = sum[part];
  }
}

template <int width>
NIGHTINGALE_INLINE void weigh_by(const Weighing& w) {
  constexpr int several = 4;  // registers at a time: one head of 64 in AVX-512
  std::int64_t c = 0;
  for (; c + several * width <= w.columns; c += several * width) weigh_columns<width, several>(w, c);
  for (; c + width <= w.columns; c += width) weigh_columns<width, 1>(w, c);
  for (; c < w.columns; ++c) {
    float sum = 0;
    for (std::int64_t j = 0; j < w.count; ++j) sum += w.weights[j] * w.rows[j * w.columns + c];
    w.out[c] = sum;
  }
}

NIGHTINGALE_AVX512 void weigh_avx512(const Weighing& w) {
  weigh_by<16>(w);
}

NIGHTINGALE_AVX2 void weigh_avx2(const Weighing& w) {
  weigh_by<8>(w);
}

void weigh_baseline(const Weighing& w) {
  weigh_by<4>(w);
}

}  // namespace

void weigh(const float* weights, std::int64_t count, const float* rows, std::int64_t columns, float* out) {
  static const auto chosen = of_level(weigh_avx512, weigh_avx2, weigh_baseline);
  chosen({weights, count, rows, columns, out});
}

}  // namespace nightingale::cpu

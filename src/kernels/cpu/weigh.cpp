// See weigh.hpp. Columns are taken a few registers at a time, so that their sums stay there over all rows.
#include "kernels/cpu/weigh.hpp"

#include "kernels/cpu/lanes.hpp"
#include "kernels/cpu/multiversion.hpp"
#include "tensor/quantized.hpp"

namespace nightingale::cpu {

namespace {

template <typename Number>
struct Weighing {
  const float* weights;
  std::int64_t count;
  const Number* rows;
  std::int64_t columns;
  float* out;
};

float to_float(float number) {
  return number;
}
float to_float(std::uint16_t bits) {
  return from_bfloat16(bits);
}

// Columns first … first + registers · width − 1.
template <int width, int registers, typename Number>
NIGHTINGALE_INLINE void weigh_columns(const Weighing<Number>& w, std::int64_t first) {
  Register<width> sum[registers] = {};
  const Number* row = w.rows + first;
  for (std::int64_t j = 0; j < w.count; ++j, row += w.columns) {
#pragma GCC unroll 4
    for (int part = 0; part < registers; ++part) {
      Register<width> numbers;
      load<width>(row + part * width, numbers);
      sum[part] += w.weights[j] * numbers;
    }
  }
#pragma GCC unroll 4
  for (int part = 0; part < registers; ++part) {
    *reinterpret_cast<Register<width>*>(w.out + first + part * width) = sum[part];
  }
}

template <int width, typename Number>
NIGHTINGALE_INLINE void weigh_by(const Weighing<Number>& w) {
  constexpr int several = 4;  // registers at a time: one head of 64 in AVX-512
  std::int64_t c = 0;
  for (; c + several * width <= w.columns; c += several * width) weigh_columns<width, several>(w, c);
  for (; c + width <= w.columns; c += width) weigh_columns<width, 1>(w, c);
  for (; c < w.columns; ++c) {
    float sum = 0;
    for (std::int64_t j = 0; j < w.count; ++j) sum += w.weights[j] * to_float(w.rows[j * w.columns + c]);
    w.out[c] = sum;
  }
}

template <typename Number>
NIGHTINGALE_AVX512 void weigh_avx512(const Weighing<Number>& w) {
  weigh_by<16>(w);
}

template <typename Number>
NIGHTINGALE_AVX2 void weigh_avx2(const Weighing<Number>& w) {
  weigh_by<8>(w);
}

template <typename Number>
void weigh_baseline(const Weighing<Number>& w) {
  weigh_by<4>(w);
}

}  // namespace

void weigh(const float* weights, std::int64_t count, const float* rows, std::int64_t columns, float* out) {
  static const auto chosen = of_level(weigh_avx512<float>, weigh_avx2<float>, weigh_baseline<float>);
  chosen({weights, count, rows, columns, out});
}

void weigh(const float* weights, std::int64_t count, const std::uint16_t* rows, std::int64_t columns,
           float* out) {
  using Half = std::uint16_t;
  static const auto chosen = of_level(weigh_avx512<Half>, weigh_avx2<Half>, weigh_baseline<Half>);
  chosen({weights, count, rows, columns, out});
}

}  // namespace nightingale::cpu

// See narrow.hpp. A bfloat16 is the upper half of a float: widened by a shift, in whole registers.
#include "kernels/cpu/narrow.hpp"

#include <cstring>

#include "kernels/cpu/lanes.hpp"
#include "kernels/cpu/multiversion.hpp"
#include "tensor/quantized.hpp"

namespace nightingale::cpu {

namespace {

template <int width>
struct Halves;
template <>
struct Halves<16> {
  typedef std::uint16_t Type __attribute__((vector_size(32), aligned(2), may_alias));
  typedef std::uint32_t Wide __attribute__((vector_size(64)));
};
template <>
struct Halves<8> {
  typedef std::uint16_t Type __attribute__((vector_size(16), aligned(2), may_alias));
  typedef std::uint32_t Wide __attribute__((vector_size(32)));
};
template <>
struct Halves<4> {
  typedef std::uint16_t Type __attribute__((vector_size(8), aligned(2), may_alias));
  typedef std::uint32_t Wide __attribute__((vector_size(16)));
};

constexpr int dropped = 16;  // bits of a float that a bfloat16 lacks

// A register of floats from as many halves. It is handed out by reference: passing one depends on the level.
template <int width>
NIGHTINGALE_INLINE void load(const std::uint16_t* from, Register<width>& to) {
  const auto halves = *reinterpret_cast<const typename Halves<width>::Type*>(from);
  const auto wide = __builtin_convertvector(halves, typename Halves<width>::Wide) << dropped;
  std::memcpy(&to, &wide, sizeof to);
}

struct Dots {
  const float* x;
  const std::uint16_t* rows;
  std::int64_t count, width;
  float* scores;
};

template <int width>
NIGHTINGALE_INLINE void dot_by(const Dots& d) {
  const std::int64_t whole = d.width - d.width % width;
  for (std::int64_t j = 0; j < d.count; ++j) {
    const std::uint16_t* row = d.rows + j * d.width;
    Register<width> sum = {};
    for (std::int64_t i = 0; i < whole; i += width) {
      Register<width> numbers;
      load<width>(row + i, numbers);
      sum += numbers * *reinterpret_cast<const Register<width>*>(d.x + i);
    }
    float parts[width];
    *reinterpret_cast<Register<width>*>(parts) = sum;
    for (int half = width / 2; half > 0; half /= 2) {
      for (int lane = 0; lane < half; ++lane) parts[lane] += parts[lane + half];
    }
    float total = parts[0];
    for (std::int64_t i = whole; i < d.width; ++i) total += d.x[i] * from_bfloat16(row[i]);
    d.scores[j] = total;
  }
}

struct Weighing {
  const float* weights;
  const std::uint16_t* rows;
  std::int64_t count, width;
  float* out;
};

// Columns first … first + registers · width − 1: their sums stay in registers over all rows.
template <int width, int registers>
NIGHTINGALE_INLINE void weigh_columns(const Weighing& w, std::int64_t first) {
  Register<width> sum[registers] = {};
  const std::uint16_t* row = w.rows + first;
  for (std::int64_t j = 0; j < w.count; ++j, row += w.width) {
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

template <int width>
NIGHTINGALE_INLINE void weigh_by(const Weighing& w) {
  constexpr int several = 4;  // registers at a time: one head of 64 in AVX-512
  std::int64_t c = 0;
  for (; c + several * width <= w.width; c += several * width) weigh_columns<width, several>(w, c);
  for (; c + width <= w.width; c += width) weigh_columns<width, 1>(w, c);
  for (; c < w.width; ++c) {
    float sum = 0;
    for (std::int64_t j = 0; j < w.count; ++j) sum += w.weights[j] * from_bfloat16(w.rows[j * w.width + c]);
    w.out[c] = sum;
  }
}

NIGHTINGALE_AVX512 void dot_avx512(const Dots& d) {
  dot_by<16>(d);
}
NIGHTINGALE_AVX2 void dot_avx2(const Dots& d) {
  dot_by<8>(d);
}
void dot_baseline(const Dots& d) {
  dot_by<4>(d);
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

void narrow(const float* from, std::int64_t count, std::uint16_t* to) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = to_bfloat16(from[i]);
}

void widen(const std::uint16_t* from, std::int64_t count, float* to) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = from_bfloat16(from[i]);
}

void dot_narrow(const float* x, const std::uint16_t* rows, std::int64_t count, std::int64_t width,
                float* scores) {
  static const auto chosen = of_level(dot_avx512, dot_avx2, dot_baseline);
  chosen({x, rows, count, width, scores});
}

void weigh_narrow(const float* weights, const std::uint16_t* rows, std::int64_t count, std::int64_t width,
                  float* out) {
  static const auto chosen = of_level(weigh_avx512, weigh_avx2, weigh_baseline);
  chosen({weights, rows, count, width, out});
}

}  // namespace nightingale::cpu

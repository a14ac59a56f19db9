// See narrow.hpp.
#include "kernels/cpu/narrow.hpp"

#include "kernels/cpu/lanes.hpp"
#include "kernels/cpu/multiversion.hpp"
#include "tensor/quantized.hpp"

namespace nightingale::cpu {

namespace {

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

NIGHTINGALE_AVX512 void dot_avx512(const Dots& d) {
  dot_by<16>(d);
}
NIGHTINGALE_AVX2 void dot_avx2(const Dots& d) {
  dot_by<8>(d);
}
void dot_baseline(const Dots& d) {
  dot_by<4>(d);
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

}  // namespace nightingale::cpu

// See weigh.hpp. Columns are taken `columns` at a time, so that their sums stay in registers over all rows.
#include "kernels/cpu/weigh.hpp"

#include "kernels/cpu/lanes.hpp"
#include "kernels/cpu/multiversion.hpp"

namespace nightingale::cpu {

namespace {

template <int registers>
NIGHTINGALE_INLINE void weigh_columns(const float* weights, std::int64_t count, const float* rows,
                                      std::int64_t width, float* out) {
  Lanes sum[registers] = {};
  for (std::int64_t j = 0; j < count; ++j) {
#pragma GCC unroll 4
    for (int part = 0; part < registers; ++part) {
      sum[part] += weights[j] * *reinterpret_cast<const Lanes*>(rows + j * width + part * lanes);
    }
  }
  for (int part = 0; part < registers; ++part) *reinterpret_cast<Lanes*>(out + part * lanes) = sum[part];
}

}  // namespace

NIGHTINGALE_MULTIVERSION
void weigh(const float* weights, std::int64_t count, const float* rows, std::int64_t width, float* out) {
  constexpr int wide = 4;  // registers of 16: one head of 64
  std::int64_t c = 0;
  for (; c + wide * lanes <= width; c += wide * lanes) {
    weigh_columns<wide>(weights, count, rows + c, width, out + c);
  }
  for (; c + lanes <= width; c += lanes) weigh_columns<1>(weights, count, rows + c, width, out + c);
  for (; c < width; ++c) {
    float sum = 0;
    for (std::int64_t j = 0; j < count; ++j) sum += weights[j] * rows[j * width + c];
    out[c] = sum;
  }
}

}  // namespace nightingale::cpu

// rotary: (x_i, x_{i + width/2}) turns by the angle (start + row)·frequency_i.
//
// The angle is rounded to float before its cosine is taken, as upstream does: at position 1000 that rounding
// is larger than anything else here.
#include <cmath>

#include "base/multiversion.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/substrate.hpp"

namespace nightingale {

namespace {

NIGHTINGALE_MULTIVERSION
void turn(const float* __restrict x, const float* __restrict cosine, const float* __restrict sine,
          float* __restrict out, std::int64_t half) {
#pragma omp simd
  for (std::int64_t i = 0; i < half; ++i) {
    out[i] = x[i] * cosine[i] - x[half + i] * sine[i];
    out[half + i] = x[half + i] * cosine[i] + x[i] * sine[i];
  }
}

}  // namespace

void Cpu::do_rotary(const Tensor& x, std::span<const float> frequencies, std::span<const Size> starts,
                    Tensor& out) {
  const std::int64_t batches = x.shape().count(0), rows = x.shape().count(1), heads = x.shape().count(2);
  const auto half = static_cast<std::int64_t>(frequencies.size());
  const std::int64_t width = 2 * half;
  // Neighbours in the batch that start at the same place share the angles.
  const auto start_of = [&](std::int64_t batch) {
    return starts[starts.size() > 1 ? static_cast<std::size_t>(batch) : 0].number();
  };
  constexpr std::int64_t angle_cost = 20;  // steps of a cosine and a sine
  const std::int64_t row_cost = half * angle_cost + batches * heads * width;
  cpu::share(threads_, rows, row_cost, [&](std::int64_t first, std::int64_t last) {
    std::vector<float> table(static_cast<std::size_t>(width));
    float* cosine = table.data();
    float* sine = cosine + half;
    for (std::int64_t row = first; row < last; ++row) {
      for (std::int64_t batch = 0; batch < batches; ++batch) {
        const std::int64_t start = start_of(batch);
        for (std::int64_t i = 0; i < half && (batch == 0 || start != start_of(batch - 1)); ++i) {
          const float angle = static_cast<float>(start + row) * frequencies[static_cast<std::size_t>(i)];
          cosine[i] = static_cast<float>(std::cos(static_cast<double>(angle)));
          sine[i] = static_cast<float>(std::sin(static_cast<double>(angle)));
        }
        for (std::int64_t head = 0; head < heads; ++head) {
          const std::int64_t at = ((batch * rows + row) * heads + head) * width;
          turn(x.data<float>() + at, cosine, sine, out.data<float>() + at, half);
        }
      }
    }
  });
}

}  // namespace nightingale

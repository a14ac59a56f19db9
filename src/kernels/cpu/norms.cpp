// Norms over the innermost axis: layer_norm, rms_norm, normalise; and affine, a norm of known mean and
// variance. Sums run in double over rows that are in cache, so that a norm adds no error beyond the rounding
// of its result.
#include <cmath>

#include "base/multiversion.hpp"
#include "kernels/cpu/finish.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/substrate.hpp"

namespace nightingale {

namespace {

NIGHTINGALE_MULTIVERSION
double sum_of(const float* x, std::int64_t count) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < count; ++i) sum += static_cast<double>(x[i]);
  return sum;
}

// Σ (x − mean)²
NIGHTINGALE_MULTIVERSION
double squares_of(const float* x, double mean, std::int64_t count) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < count; ++i) {
    const double apart = static_cast<double>(x[i]) - mean;
    sum += apart * apart;
  }
  return sum;
}

// (x − mean)·factor·scale + shift, without what is null
NIGHTINGALE_MULTIVERSION
void write_row(const float* __restrict x, float mean, float factor, const float* __restrict scale,
               const float* __restrict shift, float* __restrict out, std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) out[i] = (x[i] - mean) * factor;
  if (scale) {
#pragma omp simd
    for (std::int64_t i = 0; i < count; ++i) out[i] *= scale[i];
  }
  if (shift) {
#pragma omp simd
    for (std::int64_t i = 0; i < count; ++i) out[i] += shift[i];
  }
}

NIGHTINGALE_MULTIVERSION
void scale_row(const float* __restrict x, const float* __restrict scale, const float* __restrict shift,
               float* __restrict out, std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) out[i] = x[i] * scale[i] + shift[i];
}

// Calls row(from, to, channels) for each row of x and out.
template <typename Row>
void each_row(int threads, const Tensor& x, const Tensor& out, const Row& row) {
  const std::int64_t channels = x.shape().count(x.shape().rank() - 1);
  const std::int64_t rows = channels == 0 ? 0 : x.shape().elements() / channels;
  cpu::share(threads, rows, 2 * channels, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t r = first; r < last; ++r) {
      row(x.data<float>() + r * channels, out.data<float>() + r * channels, channels);
    }
  });
}

const float* numbers_of(const Weight& weight) {
  return weight ? weight.values() : nullptr;
}

}  // namespace

void Cpu::do_layer_norm(const Tensor& x, const Weight& scale, const Weight& shift, float eps, Activation then,
                        Tensor& out) {
  each_row(threads_, x, out, [&](const float* from, float* to, std::int64_t channels) {
    const double mean = sum_of(from, channels) / static_cast<double>(channels);
    const double variance = squares_of(from, mean, channels) / static_cast<double>(channels);
    write_row(from, static_cast<float>(mean), static_cast<float>(1.0 / std::sqrt(variance + eps)),
              numbers_of(scale), numbers_of(shift), to, channels);
    cpu::apply(then, to, to, channels);
  });
}

void Cpu::do_rms_norm(const Tensor& x, const Weight& scale, float eps, Tensor& out) {
  each_row(threads_, x, out, [&](const float* from, float* to, std::int64_t channels) {
    const double mean_square = squares_of(from, 0.0, channels) / static_cast<double>(channels);
    write_row(from, 0.0F, static_cast<float>(1.0 / std::sqrt(mean_square + eps)), numbers_of(scale), nullptr,
              to, channels);
  });
}

void Cpu::do_affine(const Tensor& x, const Weight& scale, const Weight& shift, Activation then, Tensor& out) {
  each_row(threads_, x, out, [&](const float* from, float* to, std::int64_t channels) {
    scale_row(from, scale.values(), shift.values(), to, channels);
    cpu::apply(then, to, to, channels);
  });
}

void Cpu::do_normalise(const Tensor& x, float eps, Tensor& out) {
  each_row(threads_, x, out, [&](const float* from, float* to, std::int64_t channels) {
    const double length = std::sqrt(squares_of(from, 0.0, channels));
    write_row(from, 0.0F, static_cast<float>(1.0 / std::max<double>(length, eps)), nullptr, nullptr, to,
              channels);
  });
}

}  // namespace nightingale

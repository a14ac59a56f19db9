// Means along an axis of x, seen as [outer, along, inner]: mean, deviation, segment_mean. Sums run in double.
#include <algorithm>
#include <cmath>
#include <vector>

#include "base/multiversion.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/substrate.hpp"

namespace nightingale {

namespace {

struct Along {
  std::int64_t outer = 1, count = 1, inner = 1;

  Along(const Shape& shape, std::size_t axis)
      : count(shape.count(axis)) {
    for (std::size_t i = 0; i < axis; ++i) outer *= shape.count(i);
    for (std::size_t i = axis + 1; i < shape.rank(); ++i) inner *= shape.count(i);
  }
};

NIGHTINGALE_MULTIVERSION
void add_row(const float* __restrict x, double* __restrict sums, std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) sums[i] += static_cast<double>(x[i]);
}

NIGHTINGALE_MULTIVERSION
void add_squares(const float* __restrict x, const double* __restrict means, double* __restrict sums,
                 std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) {
    const double apart = static_cast<double>(x[i]) - means[i];
    sums[i] += apart * apart;
  }
}

// The means of the rows [first, last) of x [row, inner].
std::vector<double> means_of(const float* x, std::int64_t first, std::int64_t last, std::int64_t inner) {
  std::vector<double> sums(static_cast<std::size_t>(inner), 0.0);
  for (std::int64_t row = first; row < last; ++row) add_row(x + row * inner, sums.data(), inner);
  for (double& sum : sums) sum /= static_cast<double>(last - first);
  return sums;
}

void write_row(const std::vector<double>& numbers, float* out) {
  std::transform(numbers.begin(), numbers.end(), out,
                 [](double number) { return static_cast<float>(number); });
}

}  // namespace

void Cpu::do_mean(const Tensor& x, std::size_t axis, Tensor& out) {
  const Along along(x.shape(), axis);
  cpu::share(threads_, along.outer, along.count * along.inner, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t o = first; o < last; ++o) {
      write_row(means_of(x.data<float>() + o * along.count * along.inner, 0, along.count, along.inner),
                out.data<float>() + o * along.inner);
    }
  });
}

void Cpu::do_deviation(const Tensor& x, std::size_t axis, Tensor& out) {
  const Along along(x.shape(), axis);
  cpu::share(threads_, along.outer, 2 * along.count * along.inner,
             [&](std::int64_t first, std::int64_t last) {
               for (std::int64_t o = first; o < last; ++o) {
                 const float* from = x.data<float>() + o * along.count * along.inner;
                 const std::vector<double> means = means_of(from, 0, along.count, along.inner);
                 std::vector<double> sums(means.size(), 0.0);
                 for (std::int64_t row = 0; row < along.count; ++row) {
                   add_squares(from + row * along.inner, means.data(), sums.data(), along.inner);
                 }
                 for (double& sum : sums) sum = std::sqrt(sum / static_cast<double>(along.count - 1));
                 write_row(sums, out.data<float>() + o * along.inner);
               }
             });
}

void Cpu::do_segment_mean(const Tensor& x, std::size_t axis, std::int64_t length, Tensor& out) {
  const Along along(x.shape(), axis);
  const std::int64_t segments = (along.count + length - 1) / length;
  cpu::share(threads_, along.outer * segments, 2 * std::min(length, along.count) * along.inner,
             [&](std::int64_t begin, std::int64_t end) {
               for (std::int64_t task = begin; task < end; ++task) {
                 const std::int64_t start = task / segments * along.count * along.inner;
                 const std::int64_t first = task % segments * length;
                 const std::int64_t last = std::min(first + length, along.count);
                 const auto means = means_of(x.data<float>() + start, first, last, along.inner);
                 for (std::int64_t row = first; row < last; ++row) {
                   write_row(means, out.data<float>() + start + row * along.inner);
                 }
               }
             });
}

}  // namespace nightingale

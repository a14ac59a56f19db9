// Means along an axis: x is seen as [outer, along, inner].
#include <algorithm>
#include <cmath>

#include "kernels/reference/substrate.hpp"

namespace nightingale::reference {

namespace {

struct Along {
  std::int64_t outer = 1, count = 1, inner = 1;

  Along(const Shape& shape, std::size_t axis)
      : count(shape.count(axis)) {
    for (std::size_t i = 0; i < shape.rank(); ++i) {
      if (i < axis) outer *= shape.count(i);
      if (i > axis) inner *= shape.count(i);
    }
  }
  std::int64_t at(std::int64_t o, std::int64_t index, std::int64_t i) const {
    return (o * count + index) * inner + i;
  }
};

double mean_of(const double* x, const Along& along, std::int64_t o, std::int64_t i, std::int64_t first,
               std::int64_t last) {
  double sum = 0;
  for (std::int64_t index = first; index < last; ++index) sum += x[along.at(o, index, i)];
  return sum / static_cast<double>(last - first);
}

}  // namespace

void Reference::do_mean(const Tensor& x, std::size_t axis, Tensor& out) {
  const Along along(x.shape(), axis);
  for (std::int64_t o = 0; o < along.outer; ++o) {
    for (std::int64_t i = 0; i < along.inner; ++i) {
      out.data<double>()[o * along.inner + i] = mean_of(x.data<double>(), along, o, i, 0, along.count);
    }
  }
}

void Reference::do_deviation(const Tensor& x, std::size_t axis, Tensor& out) {
  const Along along(x.shape(), axis);
  const double* from = x.data<double>();
  for (std::int64_t o = 0; o < along.outer; ++o) {
    for (std::int64_t i = 0; i < along.inner; ++i) {
      const double mean = mean_of(from, along, o, i, 0, along.count);
      double sum = 0;
      for (std::int64_t index = 0; index < along.count; ++index) {
        const double distance = from[along.at(o, index, i)] - mean;
        sum += distance * distance;
      }
      out.data<double>()[o * along.inner + i] = std::sqrt(sum / static_cast<double>(along.count - 1));
    }
  }
}

void Reference::do_segment_mean(const Tensor& x, std::size_t axis, std::int64_t length, Tensor& out) {
  const Along along(x.shape(), axis);
  for (std::int64_t o = 0; o < along.outer; ++o) {
    for (std::int64_t i = 0; i < along.inner; ++i) {
      for (std::int64_t first = 0; first < along.count; first += length) {
        const std::int64_t last = std::min(first + length, along.count);
        const double mean = mean_of(x.data<double>(), along, o, i, first, last);
        for (std::int64_t index = first; index < last; ++index) {
          out.data<double>()[along.at(o, index, i)] = mean;
        }
      }
    }
  }
}

}  // namespace nightingale::reference

// Norms over the innermost axis. A norm without a weight scales by 1 and shifts by 0.
#include <algorithm>
#include <cmath>

#include "kernels/reference/substrate.hpp"

namespace nightingale::reference {

void Reference::do_layer_norm(const Tensor& x, const Weight& scale, const Weight& shift, float eps,
                              Activation then, Tensor& out) {
  const std::int64_t width = width_of(x);
  const double* from = x.data<double>();
  double* to = out.data<double>();
  for (std::int64_t rows = rows_of(x); rows > 0; --rows, from += width, to += width) {
    double sum = 0;
    for (std::int64_t i = 0; i < width; ++i) sum += from[i];
    const double mean = sum / static_cast<double>(width);
    double squares = 0;
    for (std::int64_t i = 0; i < width; ++i) squares += (from[i] - mean) * (from[i] - mean);
    const double deviation = std::sqrt(squares / static_cast<double>(width) + eps);
    for (std::int64_t i = 0; i < width; ++i) {
      const double normed = (from[i] - mean) / deviation;
      to[i] = activated(normed * (scale ? scale.values()[i] : 1.0) + (shift ? shift.values()[i] : 0.0), then);
    }
  }
}

void Reference::do_rms_norm(const Tensor& x, const Weight& scale, float eps, Tensor& out) {
  const std::int64_t width = width_of(x);
  const double* from = x.data<double>();
  double* to = out.data<double>();
  for (std::int64_t rows = rows_of(x); rows > 0; --rows, from += width, to += width) {
    double squares = 0;
    for (std::int64_t i = 0; i < width; ++i) squares += from[i] * from[i];
    const double root = std::sqrt(squares / static_cast<double>(width) + eps);
    for (std::int64_t i = 0; i < width; ++i) to[i] = from[i] / root * (scale ? scale.values()[i] : 1.0);
  }
}

void Reference::do_normalise(const Tensor& x, float eps, Tensor& out) {
  const std::int64_t width = width_of(x);
  const double* from = x.data<double>();
  double* to = out.data<double>();
  for (std::int64_t rows = rows_of(x); rows > 0; --rows, from += width, to += width) {
    double squares = 0;
    for (std::int64_t i = 0; i < width; ++i) squares += from[i] * from[i];
    const double length = std::max(std::sqrt(squares), static_cast<double>(eps));
    for (std::int64_t i = 0; i < width; ++i) to[i] = from[i] / length;
  }
}

}  // namespace nightingale::reference

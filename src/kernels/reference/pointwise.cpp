// What is done to each number by itself.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/reference/substrate.hpp"

namespace nightingale::reference {

namespace {

// out[i] = function(x[i], y[place of i in y]); the place moves by strides[axis] for a step along each axis.
template <typename Function>
void along(const Tensor& x, const Tensor& y, std::span<const std::int64_t> strides, Tensor& out,
           Function function) {
  const auto from = x.numbers<const double>();
  const double* other = y.data<double>();
  double* to = out.data<double>();
  for (std::size_t element = 0; element < from.size(); ++element) {
    auto rest = static_cast<std::int64_t>(element);
    std::int64_t place = 0;
    for (std::size_t axis = strides.size(); axis-- > 0;) {
      place += rest % x.shape().count(axis) * strides[axis];
      rest /= x.shape().count(axis);
    }
    to[element] = function(from[element], other[place]);
  }
}

template <typename Function>
void each(const Tensor& x, Tensor& out, Function function) {
  const auto from = x.numbers<const double>();
  std::transform(from.begin(), from.end(), out.data<double>(), function);
}

}  // namespace

double activated(double x, Activation activation) {
  const double parameter = activation.parameter;
  switch (activation.kind) {
    case Activation::Kind::none: return x;
    case Activation::Kind::silu: return x / (1 + std::exp(-x));
    case Activation::Kind::gelu: return x * std::erfc(-x / std::numbers::sqrt2) / 2;
    case Activation::Kind::mish: return x * std::tanh(std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))));
    case Activation::Kind::elu: return x > 0 ? x : std::expm1(x);
    case Activation::Kind::leaky_relu: return x > 0 ? x : parameter * x;
    case Activation::Kind::relu: return std::max(x, 0.0);
    case Activation::Kind::tanh: return std::tanh(x);
    case Activation::Kind::sigmoid: return 1 / (1 + std::exp(-x));
    case Activation::Kind::sine: return std::sin(x);
    case Activation::Kind::exponential: return std::min(std::exp(x), parameter);
    case Activation::Kind::absolute: return std::abs(x);
    case Activation::Kind::clamp: return std::clamp(x, -parameter, parameter);
    case Activation::Kind::above: return x > parameter ? 1 : 0;
  }
  return x;
}

void finish(const Fused& fused, Tensor& out) {
  const auto numbers = out.numbers<double>();
  const double* added = fused.add ? fused.add->data<double>() : nullptr;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = activated(numbers[i], fused.then) + (added ? added[i] : 0.0);
  }
}

void Reference::do_activate(const Tensor& x, Activation activation, Tensor& out) {
  each(x, out, [&](double number) { return activated(number, activation); });
}

void Reference::do_snake(const Tensor& x, const Weight& alpha, Tensor& out) {
  constexpr double no_division_by_zero = 1e-9;  // s3gen transformer/activation.py Snake
  const std::int64_t width = width_of(x);
  const auto from = x.numbers<const double>();
  double* to = out.data<double>();
  for (std::size_t element = 0; element < from.size(); ++element) {
    const double a = alpha.values()[static_cast<std::int64_t>(element) % width];
    const double sine = std::sin(a * from[element]);
    to[element] = from[element] + sine * sine / (a + no_division_by_zero);
  }
}

void Reference::do_affine(const Tensor& x, const Weight& scale, const Weight& shift, Activation then,
                          Tensor& out) {
  const std::int64_t width = width_of(x);
  const auto from = x.numbers<const double>();
  double* to = out.data<double>();
  for (std::size_t element = 0; element < from.size(); ++element) {
    const std::int64_t channel = static_cast<std::int64_t>(element) % width;
    const double scaled = from[element] * scale.values()[channel] + shift.values()[channel];
    to[element] = activated(scaled, then);
  }
}

void Reference::do_add(const Tensor& x, const Tensor& y, std::span<const std::int64_t> strides, Tensor& out) {
  along(x, y, strides, out, [](double a, double b) { return a + b; });
}

void Reference::do_multiply(const Tensor& x, const Tensor& y, std::span<const std::int64_t> strides,
                            Tensor& out) {
  along(x, y, strides, out, [](double a, double b) { return a * b; });
}

void Reference::do_combine(float factor, const Tensor& x, float other, const Tensor& y, Tensor& out) {
  const auto from = x.numbers<const double>();
  const double* second = y.data<double>();
  double* to = out.data<double>();
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = factor * from[i] + other * second[i];
}

void Reference::do_scale(const Tensor& x, float factor, float offset, Tensor& out) {
  each(x, out, [&](double number) { return factor * number + offset; });
}

}  // namespace nightingale::reference

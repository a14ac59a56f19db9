// What numeric tests share: numbers compared on the scale of what was expected, weights and random tensors
// made in one line.
//
//   CHECK(close(op.linear(x, weight, {}), expected, 1e-6));
//
// When it fails, doctest prints which element differs first, by its axes, and the worst difference.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <ostream>
#include <random>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "ops/weight.hpp"
#include "tensor/tensor.hpp"

namespace nightingale::testing {

// The verdict of a comparison; true when close, and printable either way.
struct Closeness {
  bool ok = false;
  std::string story;

  explicit operator bool() const { return ok; }
  friend std::ostream& operator<<(std::ostream& out, const Closeness& closeness) {
    return out << closeness.story;
  }
};

// A tensor's numbers as doubles, whatever their type.
inline std::vector<double> numbers_of(const Tensor& x) {
  if (x.type() == Type::f64) {
    const auto numbers = x.numbers<const double>();
    return {numbers.begin(), numbers.end()};
  }
  if (x.type() == Type::i32) {
    const auto numbers = x.numbers<const std::int32_t>();
    return {numbers.begin(), numbers.end()};
  }
  const auto numbers = x.numbers<const float>();
  return {numbers.begin(), numbers.end()};
}

template <typename Number>
std::vector<double> doubles(std::span<const Number> numbers) {
  return {numbers.begin(), numbers.end()};
}

// "[batch 0, frame 3, mel 7]" for an element of a tensor, "3" without axes.
inline std::string place_text(std::size_t element, const Shape& shape) {
  if (shape.rank() == 0) return std::to_string(element);
  Shape place = shape;
  auto rest = static_cast<std::int64_t>(element);
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    place[axis].size = rest % shape.count(axis);
    rest /= shape.count(axis);
  }
  return place.text();
}

// |actual − expected| ≤ tolerance · max |expected| for every element; a NaN is never close.
inline Closeness close(const std::vector<double>& actual, const std::vector<double>& expected,
                       double tolerance, const Shape& shape = {}) {
  std::ostringstream story;
  if (actual.size() != expected.size()) {
    story << actual.size() << " numbers, expected " << expected.size();
    return {false, story.str()};
  }
  double scale = 0;
  for (const double number : expected) scale = std::max(scale, std::abs(number));
  if (scale == 0) scale = 1;
  double worst = 0;
  std::size_t differing = 0;
  std::size_t first = expected.size();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double ratio = std::abs(actual[i] - expected[i]) / scale;
    if (!(ratio <= worst)) worst = ratio;  // also when the ratio is not a number
    if (ratio <= tolerance) continue;
    first = std::min(first, i);
    ++differing;
  }
  story.precision(9);
  if (differing == 0) {
    story << "close: worst " << worst << " of the scale " << scale;
    return {true, story.str()};
  }
  story << differing << " of " << expected.size() << " differ, first at " << place_text(first, shape)
        << ": found " << actual[first] << ", expected " << expected[first] << "; worst " << worst
        << " of the scale " << scale << ", allowed " << tolerance;
  return {false, story.str()};
}

inline Closeness close(const Tensor& actual, const std::vector<double>& expected, double tolerance) {
  return close(numbers_of(actual), expected, tolerance, actual.shape());
}

inline Closeness close(const Tensor& actual, const std::vector<float>& expected, double tolerance) {
  return close(actual, doubles(std::span(expected)), tolerance);
}

inline Closeness close(const Tensor& actual, std::initializer_list<double> expected, double tolerance) {
  return close(actual, std::vector<double>(expected), tolerance);
}

inline Closeness close(const std::vector<float>& actual, const std::vector<float>& expected,
                       double tolerance) {
  return close(doubles(std::span(actual)), doubles(std::span(expected)), tolerance);
}

// Two tensors: their axes must be equal as well.
inline Closeness close(const Tensor& actual, const Tensor& expected, double tolerance) {
  if (!(actual.shape() == expected.shape())) {
    return {false, "axes " + actual.shape().text() + ", expected " + expected.shape().text()};
  }
  return close(actual, numbers_of(expected), tolerance);
}

// A weight as a checkpoint would give it.
inline Weight weight_of(std::string path, Shape shape, std::vector<float> values, Use use = Use::vector) {
  auto record = std::make_shared<WeightRecord>();
  auto owner = std::make_shared<const std::vector<float>>(std::move(values));
  record->path = std::move(path);
  record->shape = std::move(shape);
  record->use = use;
  record->values = *owner;
  record->owner = owner;
  return Weight(std::move(record));
}

// Normal numbers that are the same on every machine: the generator is fixed, the transform is our own.
inline std::vector<float> random_numbers(std::int64_t count, std::uint32_t seed, float deviation = 1) {
  std::mt19937 bits(seed);
  const auto uniform = [&] { return (static_cast<double>(bits()) + 0.5) / 4294967296.0; };
  std::vector<float> out(static_cast<std::size_t>(count));
  for (float& number : out) {
    const double length = std::sqrt(-2 * std::log(uniform()));
    number = deviation * static_cast<float>(length * std::cos(6.283185307179586 * uniform()));
  }
  return out;
}

// ‖ours − exact‖ / ‖exact‖; infinite when they are not equally many.
inline double distance(std::span<const float> ours, std::span<const float> exact) {
  if (ours.size() != exact.size()) return std::numeric_limits<double>::infinity();
  double apart = 0, size = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    apart += std::pow(static_cast<double>(ours[i]) - exact[i], 2);
    size += std::pow(static_cast<double>(exact[i]), 2);
  }
  return std::sqrt(apart / size);
}

inline Weight random_weight(std::string path, const Shape& shape, std::uint32_t seed, Use use = Use::vector,
                            float deviation = 1) {
  return weight_of(std::move(path), shape, random_numbers(shape.resolved().elements(), seed, deviation), use);
}

// `op` is any substrate: random numbers in its own type.
template <typename Substrate>
Tensor random_tensor(Substrate& op, const Shape& shape, std::uint32_t seed, float deviation = 1) {
  return op.write(shape, random_numbers(shape.elements(), seed, deviation));
}

}  // namespace nightingale::testing

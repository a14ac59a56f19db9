#include "layers/positions.hpp"

#include <cmath>

namespace nightingale {

namespace {

constexpr double longest_period = 10000;  // "Attention Is All You Need", section 3.5
constexpr float time_scale =
    1000;  // matcha SinusoidalPosEmb(scale=1000): times 0…1 spread over the sinusoids

}  // namespace

Tensor relative_positions(Ops& op, const Size& rows, const Axis& channel) {
  const Size size = channel.size.resolved();
  const Shape shape{{"relative", 2 * rows - Size(1)}, {channel.name, size}};
  if (!shape.is_numbers()) return op.zeros(shape);
  const std::int64_t channels = size.number();
  std::vector<float> table(static_cast<std::size_t>(shape.elements()));
  std::vector<double> frequency(static_cast<std::size_t>((channels + 1) / 2));
  for (std::size_t m = 0; m < frequency.size(); ++m) {
    frequency[m] =
        std::exp(-std::log(longest_period) * static_cast<double>(2 * m) / static_cast<double>(channels));
  }
  std::size_t place = 0;
  for (std::int64_t distance = rows.number() - 1; distance > -rows.number(); --distance) {
    for (std::int64_t c = 0; c < channels; ++c) {
      const double angle = static_cast<double>(distance) * frequency[static_cast<std::size_t>(c / 2)];
      table[place++] = static_cast<float>(c % 2 ? std::cos(angle) : std::sin(angle));
    }
  }
  return op.write(shape, table);
}

std::vector<float> time_sinusoid(float time, std::int64_t channels) {
  const auto half = static_cast<std::size_t>(channels / 2);
  const float decay = static_cast<float>(std::log(longest_period)) / static_cast<float>(half - 1);
  std::vector<float> out(2 * half);
  for (std::size_t k = 0; k < half; ++k) {
    const float angle = time_scale * time * std::exp(-decay * static_cast<float>(k));
    out[k] = std::sin(angle);
    out[half + k] = std::cos(angle);
  }
  return out;
}

}  // namespace nightingale

#include "audio/polyphase.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <numeric>

namespace nightingale {

namespace {

constexpr double kaiser_beta = 5;            // scipy.signal.resample_poly(window=('kaiser', 5.0))
constexpr std::int64_t reach_in_turns = 10;  // and its half_len = 10·max_rate

// The modified Bessel function of the first kind and order zero, by its series.
double bessel_i0(double x) {
  double term = 1, sum = 1;
  for (int k = 1; term > sum * 1e-17; ++k) {
    term *= (x / (2 * k)) * (x / (2 * k));
    sum += term;
  }
  return sum;
}

// h[−reach … reach], times `up`.
std::vector<double> low_pass(std::int64_t reach, std::int64_t widest, std::int64_t up) {
  std::vector<double> taps;
  for (std::int64_t m = -reach; m <= reach; ++m) {
    const double place = static_cast<double>(m) / static_cast<double>(reach);
    const double angle = std::numbers::pi * static_cast<double>(m) / static_cast<double>(widest);
    const double sinc = m == 0 ? 1 : std::sin(angle) / angle;
    taps.push_back(sinc * bessel_i0(kaiser_beta * std::sqrt(std::max(0.0, 1 - place * place))));
  }
  const double sum = std::accumulate(taps.begin(), taps.end(), 0.0);
  for (double& tap : taps) tap *= static_cast<double>(up) / sum;
  return taps;
}

}  // namespace

std::vector<float> resample_polyphase(std::span<const float> samples, int from, int to) {
  const std::int64_t common = std::gcd(from, to);
  const std::int64_t up = to / common, down = from / common;
  if (up == down) return {samples.begin(), samples.end()};
  const std::int64_t widest = std::max(up, down), reach = reach_in_turns * widest;
  const std::vector<double> taps = low_pass(reach, widest, up);

  const auto count = static_cast<std::int64_t>(samples.size());
  std::vector<float> out(static_cast<std::size_t>((count * up + down - 1) / down));
  std::int64_t centre = 0;  // of the filter, in steps of 1/up of a sample
  for (float& value : out) {
    const std::int64_t first = std::max<std::int64_t>(0, (centre - reach + up - 1) / up);
    const std::int64_t last = std::min(count - 1, (centre + reach) / up);
    double sum = 0;
    for (std::int64_t j = first; j <= last; ++j) {
      sum += taps[static_cast<std::size_t>(centre - j * up + reach)] * samples[static_cast<std::size_t>(j)];
    }
    value = static_cast<float>(sum);
    centre += down;
  }
  return out;
}

}  // namespace nightingale

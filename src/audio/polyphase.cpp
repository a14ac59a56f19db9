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

Polyphase::Polyphase(int from, int to)
    : up_(to / std::gcd(from, to)),
      down_(from / std::gcd(from, to)),
      reach_(up_ == down_ ? 0 : reach_in_turns * std::max(up_, down_)),
      taps_(up_ == down_ ? std::vector<double>{1} : low_pass(reach_, std::max(up_, down_), up_)) {}

// The result at this place, from the samples that are there.
float Polyphase::at(std::int64_t place) const {
  const std::int64_t centre = place * down_;  // of the filter, in steps of 1/up of a sample
  const std::int64_t first = std::max(first_, (centre - reach_ + up_ - 1) / up_);
  const std::int64_t last = std::min(pushed() - 1, (centre + reach_) / up_);
  double sum = 0;
  for (std::int64_t j = first; j <= last; ++j) {
    sum += taps_[static_cast<std::size_t>(centre - j * up_ + reach_)] *
           samples_[static_cast<std::size_t>(j - first_)];
  }
  return static_cast<float>(sum);
}

std::vector<float> Polyphase::push(std::span<const float> block) {
  samples_.insert(samples_.end(), block.begin(), block.end());
  std::vector<float> out;
  for (; (next_ * down_ + reach_) / up_ < pushed(); ++next_) out.push_back(at(next_));
  const std::int64_t needed = std::clamp((next_ * down_ - reach_) / up_, first_, pushed());
  samples_.erase(samples_.begin(), samples_.begin() + (needed - first_));
  first_ = needed;
  return out;
}

std::vector<float> Polyphase::finish() {
  std::vector<float> out;
  for (; next_ * down_ < pushed() * up_; ++next_) out.push_back(at(next_));
  return out;
}

std::vector<float> resample_polyphase(std::span<const float> samples, int from, int to) {
  Polyphase resampler(from, to);
  std::vector<float> out = resampler.push(samples);
  const std::vector<float> rest = resampler.finish();
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

}  // namespace nightingale

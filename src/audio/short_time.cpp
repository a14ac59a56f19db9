#include "audio/short_time.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

namespace nightingale {

namespace {

std::vector<double> periodic_hann(std::size_t length) {
  std::vector<double> window(length);
  for (std::size_t n = 0; n < length; ++n) {
    const double turn = 2 * std::numbers::pi * static_cast<double>(n) / static_cast<double>(length);
    window[n] = (1 - std::cos(turn)) / 2;
  }
  return window;
}

// The sample at any place up to one length before or behind the signal.
double mirrored(std::span<const float> signal, std::ptrdiff_t place) {
  const auto last = static_cast<std::ptrdiff_t>(signal.size()) - 1;
  if (place < 0) place = -place;
  if (place > last) place = 2 * last - place;
  return signal[static_cast<std::size_t>(place)];
}

}  // namespace

ShortTime::ShortTime(std::size_t window, std::size_t hop)
    : fourier_(window),
      hop_(hop),
      hann_(periodic_hann(window)) {}

void ShortTime::forward(std::span<const float> signal, std::size_t frame,
                        std::span<std::complex<double>> spectrum) const {
  assert(signal.size() >= fewest_samples() && frame < frames(signal.size()));
  static thread_local std::vector<double> windowed;
  windowed.resize(hann_.size());
  const auto first =
      static_cast<std::ptrdiff_t>(frame * hop_) - static_cast<std::ptrdiff_t>(hann_.size() / 2);
  for (std::size_t n = 0; n < hann_.size(); ++n) {
    windowed[n] = hann_[n] * mirrored(signal, first + static_cast<std::ptrdiff_t>(n));
  }
  fourier_.forward(windowed, spectrum);
}

OverlapAdd::OverlapAdd(const ShortTime& transform, std::span<float> signal)
    : transform_(transform),
      signal_(signal),
      frame_(transform.hann_.size()),
      sum_(frame_.size()),
      weight_(frame_.size()),
      place_(-static_cast<std::ptrdiff_t>(frame_.size() / 2)) {}

void OverlapAdd::add(std::span<const std::complex<double>> spectrum) {
  if (next_frame_ > 0) write(transform_.hop_);
  transform_.fourier_.inverse(spectrum, frame_);
  for (std::size_t n = 0; n < frame_.size(); ++n) {
    const double window = transform_.hann_[n];
    sum_[n] += window * frame_[n];
    weight_[n] += window * window;
  }
  if (++next_frame_ == transform_.frames(signal_.size())) write(sum_.size());
}

void OverlapAdd::write(std::size_t count) {
  for (std::size_t n = 0; n < count; ++n, ++place_) {
    if (place_ < 0 || place_ >= static_cast<std::ptrdiff_t>(signal_.size())) continue;
    signal_[static_cast<std::size_t>(place_)] = static_cast<float>(sum_[n] / weight_[n]);
  }
  for (std::vector<double>* sums : {&sum_, &weight_}) {
    std::shift_left(sums->begin(), sums->end(), static_cast<std::ptrdiff_t>(count));
    std::fill(sums->end() - static_cast<std::ptrdiff_t>(count), sums->end(), 0.0);
  }
}

}  // namespace nightingale

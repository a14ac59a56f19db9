#include "audio/overlap_add.hpp"

#include <algorithm>

namespace nightingale {

OverlapAdd::OverlapAdd(const Framing& framing, std::span<float> samples)
    : framing_(framing),
      samples_(samples),
      fourier_(framing.transform),
      window_(periodic_hann(framing.transform)),
      frame_(framing.transform),
      sum_(framing.transform),
      weight_(framing.transform),
      frames_left_(Spectra(samples, framing).frames()),
      place_(-static_cast<std::ptrdiff_t>(framing.margin)) {}

void OverlapAdd::add(std::span<const std::complex<double>> spectrum) {
  fourier_.inverse(spectrum, frame_);
  for (std::size_t n = 0; n < frame_.size(); ++n) {
    sum_[n] += window_[n] * frame_[n];
    weight_[n] += window_[n] * window_[n];
  }
  write(--frames_left_ == 0 ? sum_.size() : framing_.hop);
}

void OverlapAdd::write(std::size_t count) {
  for (std::size_t n = 0; n < count; ++n, ++place_) {
    if (place_ < 0 || place_ >= std::ssize(samples_)) continue;
    samples_[static_cast<std::size_t>(place_)] = static_cast<float>(sum_[n] / weight_[n]);
  }
  for (std::vector<double>* sums : {&sum_, &weight_}) {
    std::shift_left(sums->begin(), sums->end(), static_cast<std::ptrdiff_t>(count));
    std::fill(sums->end() - static_cast<std::ptrdiff_t>(count), sums->end(), 0.0);
  }
}

}  // namespace nightingale

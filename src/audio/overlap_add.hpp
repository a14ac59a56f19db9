// A recording from its short-time spectra: the inverse of audio/spectrum.
//
//   x[i] = Σ_frame window[n]·inverse(X[frame])[n] / Σ_frame window[n]²,   n = i − frame·hop + margin
// With half a window as the margin this is PyTorch's istft with center=True. Computed in double.
#pragma once

#include <complex>
#include <cstddef>
#include <span>
#include <vector>

#include "audio/spectrum.hpp"

namespace nightingale {

class OverlapAdd {
 public:
  // Writes `samples`, as many as the spectra were made of.
  OverlapAdd(const Framing& framing, std::span<float> samples);

  // The next frame's bins. Behind the last frame every sample is written.
  void add(std::span<const std::complex<double>> spectrum);

 private:
  void write(std::size_t count);  // the first samples of the sums, which are complete

  Framing framing_;
  std::span<float> samples_;
  Fourier fourier_;
  std::vector<double> window_, frame_;
  std::vector<double> sum_, weight_;  // of the samples that the newest frame reaches
  std::size_t frames_left_;
  std::ptrdiff_t place_;  // of the first sum among the samples
};

}  // namespace nightingale

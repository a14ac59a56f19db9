// The short-time Fourier transform of a signal, one frame at a time, and the signal from its frames.
//
//   X[t, k] = Σ w[n]·x[hop·t + n − window/2]·exp(−2πi·k·n/window)        w a periodic Hann window
//   x[i] = Σ_t w[i']·inverse(X[t])[i'] / Σ_t w[i']²,  i' = i − hop·t + window/2
// Before its first sample and behind its last one a signal is its own mirror image, as in PyTorch's stft and
// istft with center=True; a signal of `samples` has 1 + samples/hop frames. In double precision.
#pragma once

#include <complex>
#include <cstddef>
#include <span>
#include <vector>

#include "audio/fourier.hpp"

namespace nightingale {

class ShortTime {
 public:
  ShortTime(std::size_t window, std::size_t hop);

  std::size_t hop() const { return hop_; }
  std::size_t bins() const { return fourier_.bins(); }
  std::size_t frames(std::size_t samples) const { return 1 + samples / hop_; }
  // A shorter signal has no mirror image as wide as half a window.
  std::size_t fewest_samples() const { return hann_.size() / 2 + 1; }

  // One frame of the signal; `spectrum` has bins() numbers. Allocates nothing after a thread's first call.
  void forward(std::span<const float> signal, std::size_t frame,
               std::span<std::complex<double>> spectrum) const;

 private:
  friend class OverlapAdd;
  Fourier fourier_;
  std::size_t hop_;
  std::vector<double> hann_;
};

// Writes a signal from its frames, which are given in order from the first to the last.
class OverlapAdd {
 public:
  // `signal` has as many samples as the frames came from.
  OverlapAdd(const ShortTime& transform, std::span<float> signal);

  // The next frame. Behind the last one every sample is written.
  void add(std::span<const std::complex<double>> spectrum);

 private:
  void write(std::size_t count);  // the first samples of the sums, which are complete

  const ShortTime& transform_;
  std::span<float> signal_;
  std::vector<double> frame_;         // the samples of one frame
  std::vector<double> sum_, weight_;  // of the samples that the newest frame reaches
  std::size_t next_frame_ = 0;
  std::ptrdiff_t place_;  // of the first sum in the signal
};

}  // namespace nightingale

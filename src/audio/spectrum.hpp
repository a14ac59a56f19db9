// Short-time spectra: windowed frames of a recording, mirrored at its ends, and bands over their bins.
//
//   X[frame, bin] = Σ window[n] · x[frame·hop − margin + n] · exp(−2πi·bin·n/transform)
//
// with x[−n] = x[n] and, at the other end, x[last + n] = x[last − n]: the outermost samples are not repeated
// (PyTorch's and NumPy's "reflect"). Computed in double.
#pragma once

#include <complex>
#include <cstddef>
#include <span>
#include <vector>

#include "audio/fourier.hpp"

namespace nightingale {

struct Framing {
  int rate;               // samples a second
  std::size_t transform;  // samples of a frame; bins = transform/2 + 1
  std::size_t hop;        // from one frame to the next
  std::size_t margin;     // mirrored samples at each end
};

// 0.5 − 0.5·cos(2π·i/length): the Hann window whose next number would be its first.
std::vector<double> periodic_hann(std::size_t length);

// The frames of a recording under a periodic Hann window. The samples must outlive it. Throws Failure
// (audio_invalid) when there are too few to be mirrored: `margin` or less.
class Spectra {
 public:
  Spectra(std::span<const float> samples, const Framing& framing);

  std::size_t frames() const { return frames_; }

  // X of a frame, [bin]; overwritten by the next call of either function.
  std::span<const std::complex<double>> spectrum(std::size_t frame);

  // |X|² of a frame, [bin].
  std::span<const double> power(std::size_t frame);

 private:
  double sample(std::ptrdiff_t place) const;

  std::span<const float> samples_;
  Framing framing_;
  std::size_t frames_;
  Fourier fourier_;
  std::vector<double> window_, windowed_, power_;
  std::vector<std::complex<double>> spectrum_;
};

// Weighted sums of bins. Most of a filter's weights are 0; only those from its first to its last other are
// kept.
class Bands {
 public:
  // filters [band, bin]
  Bands(std::span<const float> filters, std::size_t bins);

  std::size_t count() const { return bands_.size(); }
  double sum(std::size_t band, std::span<const double> bins) const;

 private:
  struct Band {
    std::size_t first;
    std::vector<double> weights;
  };
  std::vector<Band> bands_;
};

}  // namespace nightingale

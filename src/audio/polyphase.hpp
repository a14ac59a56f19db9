// Resampling by a whole ratio with a windowed sinc: what scipy.signal.resample_poly and, through it,
// librosa.resample(res_type="polyphase") compute.
//
//   y[i] = up·Σ_j h[i·down − j·up]·x[j]
//   h[m] = sinc(m/widest)·kaiser(m/reach, 5), its sum 1; widest = max(up, down), |m| ≤ reach = 10·widest
// up and down are the rates without their common factor. Outside of the recording there is silence. Sums are
// double; SciPy's are float.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace nightingale {

// Block by block, in memory that does not grow with the recording.
class Polyphase {
 public:
  Polyphase(int from, int to);

  // What is ready after these samples. All that push() and finish() give together is ⌈samples·to/from⌉ long,
  // however it was cut into blocks.
  std::vector<float> push(std::span<const float> block);
  std::vector<float> finish();

 private:
  float at(std::int64_t place) const;

  std::int64_t up_, down_, reach_;
  std::vector<double> taps_;    // h[−reach … reach]·up
  std::vector<float> samples_;  // those that are still needed
  std::int64_t first_ = 0;      // which of the recording's samples is the first of these
  std::int64_t next_ = 0;       // the next result
  std::int64_t pushed() const { return first_ + std::ssize(samples_); }
};

// The whole recording at once.
std::vector<float> resample_polyphase(std::span<const float> samples, int from, int to);

}  // namespace nightingale

// Resampling by a whole ratio with a windowed sinc: what scipy.signal.resample_poly and, through it,
// librosa.resample(res_type="polyphase") compute.
//
//   y[i] = up·Σ_j h[i·down − j·up]·x[j]
//   h[m] = sinc(m/widest)·kaiser(m/reach, 5), its sum 1; widest = max(up, down), |m| ≤ reach = 10·widest
// up and down are the rates without their common factor. Outside of the signal there is silence.
#pragma once

#include <span>
#include <vector>

namespace nightingale {

// ⌈samples·to/from⌉ samples.
std::vector<float> resample_polyphase(std::span<const float> samples, int from, int to);

}  // namespace nightingale

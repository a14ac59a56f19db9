// Mel spectrograms: how strongly each of some bands sounds in each moment, in bands as wide as ears hear.
//
//   mel[frame, band] = log(max(Σ filter[band, bin]·√(|X[frame, bin]|² + 1e-9), 1e-5))
// The 24 kHz mel is what the flow writes and what it is shown of a voice: 80 bands of 0 … 8000 Hz, 50 frames
// a second, a transform of 1920 samples under a periodic Hann window, 480 apart. Source: upstream
// s3gen/utils/mel.py (from Matcha-TTS); the filters are librosa's (Slaney's scale and areas). Computed in
// double; upstream in float.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace nightingale {

struct MelScale {
  double sample_rate;
  std::size_t transform;  // samples of a window; bins = transform/2 + 1
  std::size_t bands;
  double lowest, highest;  // Hz
};

// Triangles over the bins, each of area 1 (librosa.filters.mel(htk=False, norm="slaney")): [band, bin].
std::vector<float> mel_filters(const MelScale& scale);

// The mel of a recording at 24 kHz, [frame, 80] with one frame for each 480 samples. Throws Failure
// (audio_invalid) when it is too short to be mirrored at its ends: 720 samples or less.
std::vector<float> mel_24k(std::span<const float> samples);

}  // namespace nightingale

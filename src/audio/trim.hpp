// Where a recording's sound begins and ends.
//
// Frames of 2048 samples, 512 apart and centred (silence beyond both ends), have a mean power; a frame is
// heard when it lies less than top_db decibels under the loudest. Source: librosa.effects.trim with its
// defaults (librosa 0.11), which upstream's voice encoder calls with 20 dB.
#pragma once

#include <cstddef>
#include <span>

namespace nightingale {

// Samples first, first + 1 … last − 1.
struct SampleRange {
  std::size_t first, last;
};

// From the first heard frame's centre to 512 samples after the last one's. Digital silence is heard whole, as
// its frames are as loud as the loudest.
SampleRange trim_silence(std::span<const float> samples, double top_db);

}  // namespace nightingale

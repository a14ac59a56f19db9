// Kaldi's filterbank: the logarithm of 80 bands' power, 100 frames a second, which the speaker network hears.
//
// Each frame of 400 samples, 160 apart, the first at the first sample: its mean is taken off, then 0.97 of
// each sample's predecessor (of the first: of itself); a window (Hann, symmetric, to the power 0.85) and
// zeros make it 512 long.
//
//   y[frame, band] = log(max(Σ filter[band, bin]·|X[frame, bin]|², 1.19e-7))
//
// The filters are triangles of height 1 on the scale 1127·log(1 + Hz/700), from 20 to 8000 Hz. Samples stay
// in ±1. Source: torchaudio.compliance.kaldi.fbank(num_mel_bins=80), which upstream s3gen/xvector.py calls.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace nightingale {

inline constexpr std::size_t fbank_bands = 80;

// [frame, 80] of a recording at 16 kHz, (samples − 400)/160 + 1 frames, rounded down. Throws Failure
// (audio_invalid) for fewer than 400 samples.
std::vector<float> kaldi_fbank(std::span<const float> samples16k);

// Takes each band's mean over all frames off it: rows [frame, band].
void subtract_mean(std::span<float> rows, std::size_t bands);

}  // namespace nightingale

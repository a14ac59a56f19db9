// The two 16 kHz mels that a voice is made from.
//
// Both: frames of 400 samples under a periodic Hann window, 160 apart and centred (200 mirrored samples at
// each end), |X|², librosa's triangles from 0 to 8000 Hz.
//
//   tokenizer      y[frame, band] = (max(log10(max(Σ, 1e-10)), loudest − 8) + 4)/4,  128 bands; `loudest` is
//   the
//                  largest log10 of the whole recording. The last frame is left out before anything else.
//                  Source: upstream s3tokenizer.py S3Tokenizer.log_mel_spectrogram (from Whisper)
//   voice encoder  y[frame, band] = Σ,  40 bands: no logarithm, no pre-emphasis, no scaling.
//                  Source: upstream voice_encoder/melspec.py melspectrogram with config.py's mel_type "amp",
//                  mel_power 2, normalized_mels False, preemphasis 0
//
// Throw Failure (audio_invalid) for 200 samples or fewer.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace nightingale {

inline constexpr std::size_t tokenizer_bands = 128;
inline constexpr std::size_t voice_encoder_bands = 40;

// [frame, 128], samples/160 frames, rounded down. Cut it after this, not before: `loudest` is the whole
// recording's.
std::vector<float> tokenizer_mel(std::span<const float> samples16k);

// [frame, 40], samples/160 + 1 frames, rounded down.
std::vector<float> voice_encoder_mel(std::span<const float> samples16k);

}  // namespace nightingale

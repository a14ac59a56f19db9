// What no shape of the speech tokenizer's checkpoint tells, each with its source in upstream (s3tokenizer).
#pragma once

#include <cstdint>

namespace nightingale::speech_tokenizer {

inline constexpr std::int64_t mel_bands = 128;   // model_v2.py ModelConfig n_mels
inline constexpr std::int64_t head_width = 64;   // model_v2.py precompute_freqs_cis(64, …)
inline constexpr std::int64_t front_taps = 3;    // model_v2.py AudioEncoderV2 conv1 and conv2
inline constexpr std::int64_t front_stride = 2;  // of each: 100 mel frames a second become 25 tokens
inline constexpr std::int64_t frames_per_token = front_stride * front_stride;
inline constexpr std::int64_t memory_taps = 31;  // model_v2.py FSMNMultiHeadAttention kernel_size
inline constexpr float norm_eps = 1e-5F;         // model_v2.py ResidualAttentionBlock
inline constexpr double rotary_theta = 10000;    // model_v2.py precompute_freqs_cis

// Finite scalar quantization: model_v2.py FSQCodebook. Each of 8 numbers becomes one of 3 levels.
inline constexpr std::int64_t digits = 8;
inline constexpr std::int32_t levels = 3;
inline constexpr float squeeze = 0.9990000128746033F;  // keeps a saturated tanh away from the rounding border

// Recordings beyond 30 s go through in overlapping windows: model_v2.py _quantize_mel_batch_mixed_long_short.
inline constexpr std::int64_t window_frames = 3000;
inline constexpr std::int64_t overlap_frames = 400;  // 4 s that two windows share; each drops half of it

}  // namespace nightingale::speech_tokenizer

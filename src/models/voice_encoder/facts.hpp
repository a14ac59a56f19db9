// What no shape of the voice encoder's checkpoint tells, each with its source in upstream (voice_encoder).
#pragma once

#include <cstdint>

namespace nightingale::voice_encoder {

inline constexpr std::int64_t layers = 3;            // voice_encoder.py VoiceEncoder: nn.LSTM(num_layers=3)
inline constexpr std::int64_t mel_bands = 40;        // config.py num_mels
inline constexpr std::int64_t partial_frames = 160;  // config.py ve_partial_frames: 1.6 s
inline constexpr double partials_per_second = 1.3;   // voice_encoder.py embeds_from_wavs: rate
inline constexpr double least_coverage = 0.8;        // voice_encoder.py inference: min_coverage
inline constexpr double sample_rate = 16000;         // config.py
inline constexpr double trim_decibels = 20;          // voice_encoder.py embeds_from_wavs: trim_top_db
inline constexpr float length_eps = 1e-12F;          // ours: upstream divides by a length that may be 0

}  // namespace nightingale::voice_encoder

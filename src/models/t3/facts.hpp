// What no shape of T3's checkpoint tells, each with its source in upstream (resemble-ai/chatterbox).
#pragma once

#include <cstdint>

namespace nightingale::t3 {

inline constexpr std::int64_t head_width = 64;         // llama_configs.py LLAMA_520M_CONFIG_DICT head_dim
inline constexpr std::int64_t perceiver_heads = 4;     // perceiver.py Perceiver(num_attn_heads=4)
inline constexpr std::int64_t speaker_channels = 256;  // t3_config.py speaker_embed_size
inline constexpr std::int64_t longest_prompt = 150;    // t3_config.py speech_cond_prompt_len, tokens
inline constexpr float norm_eps = 1e-5F;               // llama_configs.py rms_norm_eps
inline constexpr float perceiver_norm_eps = 1e-5F;     // torch.nn.LayerNorm's default

// Rotary positions with Llama 3's scaling: llama_configs.py rope_theta and rope_scaling.
inline constexpr double rope_theta = 500000;
inline constexpr double rope_factor = 8;
inline constexpr double rope_low_frequency_factor = 1;
inline constexpr double rope_high_frequency_factor = 4;
inline constexpr double rope_original_length = 8192;

// Tokens with a meaning of their own: t3_config.py.
inline constexpr std::int32_t start_speech = 6561;
inline constexpr std::int32_t stop_speech = 6562;
inline constexpr std::int32_t speech_codes = 6561;  // 3^8: every token below is sound

// The beginning of speech stands in the sequence twice: once as the initial speech token, once appended by
// T3.inference. Both keep learned position 0.
inline constexpr std::int64_t starts_of_speech = 2;

}  // namespace nightingale::t3

// What no shape of the flow's checkpoint tells, each with its source in upstream (resemble-ai/chatterbox,
// s3gen).
#pragma once

#include <cstdint>

namespace nightingale::flow {

inline constexpr std::int64_t speaker_channels = 192;  // flow.py spk_embed_dim, CAMPPlus's x-vector
inline constexpr std::int64_t head_width = 64;         // decoder.py attention_head_dim
inline constexpr std::int64_t frames_per_token = 2;    // upsample_encoder.py Upsample1D(stride=2)
inline constexpr std::int64_t estimator_parts = 4;     // decoder.py: x, mu, speaker and prompt side by side

inline constexpr std::int64_t lookahead = 3;  // upsample_encoder.py PreLookaheadLayer(pre_lookahead_len=3)
inline constexpr std::int64_t lookahead_taps = 3;  // its second convolution, causal
inline constexpr std::int64_t upsample_taps = 5;   // Upsample1D: kernel 2·stride + 1, padded on the left
inline constexpr std::int64_t causal_taps = 3;     // decoder.py CausalConv1d(kernel_size=3)

inline constexpr float embed_norm_eps = 1e-5F;      // subsampling.py LinearNoSubsampling
inline constexpr float block_norm_eps = 1e-12F;     // encoder_layer.py ConformerEncoderLayer
inline constexpr float after_norm_eps = 1e-5F;      // upsample_encoder.py after_norm
inline constexpr float estimator_norm_eps = 1e-5F;  // torch.nn.LayerNorm's default
inline constexpr float speaker_norm_eps = 1e-12F;   // torch.nn.functional.normalize's default
inline constexpr float lookahead_slope = 0.01F;     // torch.nn.functional.leaky_relu's default

inline constexpr int default_steps = 10;         // s3gen.py n_cfm_timesteps
inline constexpr float default_guidance = 0.7F;  // configs.py CFM_PARAMS inference_cfg_rate

}  // namespace nightingale::flow

// What no shape of the vocoder's checkpoint tells, each with its source in upstream (resemble-ai/chatterbox,
// s3gen).
#pragma once

#include <array>
#include <cstdint>

namespace nightingale::hift {

inline constexpr float sample_rate = 24000;             // const.py S3GEN_SR
inline constexpr std::int64_t samples_per_frame = 480;  // 8·5·3 rows a frame, 4 samples a row

// The generator: s3gen.py S3Token2Wav.
struct Upsampling {
  std::int64_t stride, taps, trim;  // trim = (taps − stride)/2
};
inline constexpr std::array<Upsampling, 3> upsamplings{{{8, 16, 4}, {5, 11, 3}, {3, 7, 2}}};
inline constexpr std::array<std::int64_t, 3> residual_taps{3, 7, 11};
inline constexpr std::array<std::int64_t, 3> dilations{1, 3, 5};
inline constexpr std::int64_t edge_taps = 7;  // hifigan.py conv_pre, conv_post

// How the source's spectrum is brought down to each level: hifigan.py source_downs, kernel 2·stride, and 1
// for stride 1.
struct SourceLevel {
  std::int64_t stride, taps, pad, residual_taps;
};
inline constexpr std::array<SourceLevel, 3> source_levels{{{15, 30, 7, 7}, {3, 6, 1, 7}, {1, 1, 0, 11}}};

inline constexpr float inner_slope = 0.1F;  // HiFTGenerator(lrelu_slope)
inline constexpr float last_slope = 0.01F;  // torch.nn.functional.leaky_relu's default
inline constexpr std::int64_t window = 16;  // istft_params n_fft
inline constexpr std::int64_t hop = 4;      // istft_params hop_len
inline constexpr std::int64_t bins = window / 2 + 1;
inline constexpr float magnitude_limit = 100;  // _istft: clip(max=1e2)
inline constexpr float audio_limit = 0.99F;    // HiFTGenerator(audio_limit)

// The harmonic source: SineGen, SourceModuleHnNSF.
inline constexpr std::int64_t harmonics = 9;       // the fundamental and nb_harmonics=8 overtones
inline constexpr float sine_amplitude = 0.1F;      // nsf_alpha
inline constexpr float voiced_noise = 0.003F;      // nsf_sigma
inline constexpr float unvoiced_noise = 0.1F / 3;  // sine_amplitude/3
inline constexpr float voiced_above = 10;          // nsf_voiced_threshold, Hz

// The pitch predictor: f0_predictor.py ConvRNNF0Predictor.
inline constexpr std::int64_t pitch_convolutions = 5;  // condnet.0, .2, … .8; the odd ones are activations
inline constexpr std::int64_t pitch_taps = 3;
inline constexpr float elu_alpha = 1;  // torch.nn.ELU's default

}  // namespace nightingale::hift

// What no shape of the watermark's checkpoint tells, each with its source in resemble-perth 1.0.1
// (perth_net/pretrained/implicit/hparams.yaml unless another file is named).
#pragma once

#include <cstdint>

namespace nightingale::perth {

// The spectrum that the network works on.
inline constexpr int sample_rate = 32000;     // Hz
inline constexpr std::int64_t window = 2048;  // n_fft, window_size; periodic Hann
inline constexpr std::int64_t hop = 320;      // hop_size: 100 frames a second
inline constexpr std::int64_t bins = window / 2 + 1;
inline constexpr double smallest_magnitude = 1e-9;  // stft_magnitude_min
inline constexpr double lowest_level = -180;        // utils.py normalize: 20·log10(smallest_magnitude), dB
inline constexpr double headroom = 15;              // utils.py normalize(headroom_db), dB
inline constexpr double most_exponent = 10;         // utils.py magphase_to_cx: 10^min(dB/20, 10)
inline constexpr double audible_share = 0.05;       // model/__init__.py magmask(p)

// The network: model/encoder.py and model/decoder.py.
inline constexpr std::int64_t wide_convolutions = 5;  // layers.1 … layers.5, between two of one tap
inline constexpr std::int64_t wide_taps = 7;
inline constexpr float slope = 0.01F;         // torch.nn.LeakyReLU's default
inline constexpr std::int64_t answers = 2;    // decoder.py: how much a frame counts, whether it is marked
inline constexpr double slow_stretch = 1.25;  // decoder.py forward: frames of the slow branch
inline constexpr double fast_stretch = 0.75;  // and of the fast one
inline constexpr double marked_above = 0.5;   // perth_watermarker.py get_watermark: clip(0, 1), then round

// How many frames on each side a frame of the result depends on.
inline constexpr std::int64_t reach = wide_convolutions * (wide_taps - 1) / 2;

}  // namespace nightingale::perth

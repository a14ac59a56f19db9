// What no shape of the speaker encoder's checkpoint tells, each with its source in upstream
// (s3gen/xvector.py).
#pragma once

#include <array>
#include <cstdint>

namespace nightingale::campplus {

inline constexpr std::int64_t bands = 80;           // CAMPPlus: the first argument, of the filter bank
inline constexpr std::int64_t halvings = 3;         // FCM: 80 bands become 10
inline constexpr std::int64_t front_taps = 3;       // FCM: every convolution over planes
inline constexpr std::int64_t residual_blocks = 2;  // FCM(num_blocks=[2, 2])
inline constexpr std::int64_t first_taps = 5;       // CAMPPlus: tdnn, of stride 2
inline constexpr std::int64_t first_stride = 2;
inline constexpr std::int64_t dense_taps = 3;        // CAMPPlus: kernel sizes (3, 3, 3)
inline constexpr std::int64_t segment_frames = 100;  // CAMLayer.seg_pooling(seg_len=100)
inline constexpr double norm_eps = 1e-5;             // torch.nn.BatchNorm's default

// The dense blocks: CAMPPlus zip((12, 24, 16), …, (1, 2, 2)).
struct BlockFacts {
  std::int64_t layers, dilation;
};
inline constexpr std::array<BlockFacts, 3> blocks{{{12, 1}, {24, 2}, {16, 2}}};

}  // namespace nightingale::campplus

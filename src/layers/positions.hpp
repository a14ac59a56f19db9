// Sinusoids for positions and times, made by formula: they are in no checkpoint.
#pragma once

#include <vector>

#include "ops/ops.hpp"

namespace nightingale {

// The table of relative positions of an attention over `rows` rows (Transformer-XL; upstream
// EspnetRelPositionalEncoding): [relative = 2·rows − 1, channel], distance r = rows − 1 first, −(rows − 1)
// last,
//   p(r)[2m] = sin(r·10000^(−2m/channels)), p(r)[2m + 1] = cos(same).
Tensor relative_positions(Ops& op, const Size& rows, const Axis& channel);

// A moment of the flow's schedule as [time], sines first, then cosines (upstream SinusoidalPosEmb):
//   w_k = exp(−k·ln 10000/(half − 1)), angle = 1000·time·w_k, half = channels/2.
std::vector<float> time_sinusoid(float time, std::int64_t channels);

}  // namespace nightingale

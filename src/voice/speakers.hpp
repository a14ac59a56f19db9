// Whether one person speaks or two, as far as pitch tells: a low and a high voice are told apart, two alike
// are not.
#pragma once

#include <optional>
#include <vector>

#include "voice/hearing.hpp"

namespace nightingale {

struct TwoVoices {
  double low = 0, high = 0;  // Hz
};

// The pitches of a stretch, pitches_a_second of them. Each phrase has one pitch, its median; when the phrases
// fall into two tight groups far apart, both of them large, there may be two voices.
std::optional<TwoVoices> two_voices(const std::vector<Pitch>& pitches);

}  // namespace nightingale

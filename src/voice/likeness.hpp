// How alike two voices are: the cosine between what the voice encoder hears in them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "models/voice_encoder/voice_encoder.hpp"

namespace nightingale {

// The embedding of a recording as it is, at most its first ten minutes. Throws Failure (audio_invalid) for
// what the doctor would not bake.
std::vector<float> embedding_of_recording(Ops& op, const voice_encoder::VoiceEncoder& network,
                                          const std::string& path);

// The embedding that a voice file, a baked folder or conds.pt holds. Throws Failure (voice_invalid,
// file_invalid).
std::vector<float> embedding_of_voice(const std::string& path);

// a·b / (‖a‖·‖b‖), in double. Precondition: as many numbers in each, not all 0.
double cosine(std::span<const float> a, std::span<const float> b);

}  // namespace nightingale

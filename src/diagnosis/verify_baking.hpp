// Step 0: a voice folder that keeps the recording after upstream's resampling (audio_24k.npy, audio_16k.npy)
// is baked again, and its arrays compared with those that another implementation baked.
#pragma once

#include <vector>

#include "diagnosis/verify.hpp"

namespace nightingale {

// Limits: 1e-5 for the mel and T3's speaker, 1e-4 for the flow's, whose filter bank takes logarithms of next
// to nothing; 1e-5 for our resampling of 24 to 16 kHz. Tokens must be equal, but one may differ, and is
// listed, whose number lies within 1e-4 of a rounding border.
std::vector<VerifiedStep> verify_baking(const Model& model, const VoiceArrays& voice);

}  // namespace nightingale

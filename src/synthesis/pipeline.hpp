// Speech tokens to samples, and a whole text to samples: the order of the stages, written once.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "nightingale/request.hpp"
#include "synthesis/model.hpp"
#include "synthesis/speech.hpp"
#include "voice/voice.hpp"

namespace nightingale {

struct Spoken {
  std::vector<float> samples;
  std::vector<std::vector<std::int32_t>> tokens;  // of each piece of the text
  double token_seconds = 0, mel_seconds = 0, sample_seconds = 0;
};

// Speaks the request's text piece by piece. Throws Failure: text_invalid, option_invalid, cancelled, memory.
Spoken speak(const Model& model, const VoiceArrays& voice, const Request& request);

// Silences the first 20 ms and fades the next 20 ms in, so that nothing of the prompt spills over (upstream
// trim_fade).
void fade_in(std::span<float> samples);

// Throws Failure (option_invalid) naming every field of the request that is out of its range.
void check_fields(const Request& request);

}  // namespace nightingale

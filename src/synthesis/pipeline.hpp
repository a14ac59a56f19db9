// Speech tokens to samples, and a whole text to samples: the order of the stages, written once.
#pragma once

#include <string>
#include <vector>

#include "nightingale/request.hpp"
#include "synthesis/model.hpp"
#include "synthesis/speech.hpp"
#include "voice/voice.hpp"

namespace nightingale {

struct Spoken {
  std::vector<float> samples;
  std::vector<std::vector<std::int32_t>> tokens;  // of each piece of the text
  double token_seconds = 0, mel_seconds = 0, sample_seconds = 0, watermark_seconds = 0;
  std::int64_t cut = 0;      // pieces that reached the most tokens before T3 ended them
  bool whole = true;         // false when the caller let it end early
  bool watermarked = false;  // by the model's watermark, when it has one
};

// Speaks the request's text piece by piece. Throws Failure: text_invalid, option_invalid, cancelled, memory.
Spoken speak(const Model& model, const VoiceArrays& voice, const Request& request);

// Throws Failure (option_invalid) naming every field of the request that is out of its range.
void check_fields(const Request& request);
void check_fields(const ConvertRequest& request);

}  // namespace nightingale

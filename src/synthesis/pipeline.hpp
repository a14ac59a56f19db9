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
  bool whole = true;         // false when the caller let it end early
  bool watermarked = false;  // by the model's watermark, when it has one
};

// Speaks the request's text piece by piece. Throws Failure: text_invalid, option_invalid, cancelled, memory.
Spoken speak(const Model& model, const VoiceArrays& voice, const Request& request);

// Throws Failure (option_invalid) naming every field of the request that is out of its range.
void check_fields(const Request& request);
void check_fields(const ConvertRequest& request);

// The request's text in pieces that are spoken one after the other. Throws Failure (text_invalid) when there
// is nothing to speak or the text is not UTF-8.
std::vector<std::string> pieces_of(const Request& request);

}  // namespace nightingale

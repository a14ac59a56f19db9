// A whole text to samples: the order of the stages, written once.
#pragma once

#include <vector>

#include "nightingale/request.hpp"
#include "synthesis/marking.hpp"
#include "synthesis/model.hpp"
#include "voice/voice.hpp"

namespace nightingale {

struct Spoken {
  std::int64_t samples = 0;
  std::vector<std::vector<std::int32_t>> tokens;  // of each piece of the text
  double first_seconds = 0;                       // until the first samples came
  double token_seconds = 0, mel_seconds = 0, sample_seconds = 0, watermark_seconds = 0;
  std::int64_t cut = 0;      // pieces that reached the most tokens before T3 ended them
  bool whole = true;         // false when the caller let it end early
  bool watermarked = false;  // by the model's watermark, when it has one
};

// When the tokens of a piece become sound.
enum class Sounding {
  whole,   // when all are written: the samples are PyTorch's
  stream,  // while they are written: the first samples come early, and differ a little
};

// Speaks the request's text into `sink`: T3 writes several of its pieces together, and each sounds in its
// turn. Throws Failure (text_invalid, option_invalid, cancelled, memory) and what the sink throws.
Spoken speak(const Model& model, const VoiceArrays& voice, const Request& request, const SampleSink& sink,
             Sounding sounding = Sounding::whole);

// Throws Failure (option_invalid) naming every field of the request that is out of its range.
void check_fields(const Request& request);
void check_fields(const ConvertRequest& request);

}  // namespace nightingale

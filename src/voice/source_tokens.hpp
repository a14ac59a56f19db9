// The speech tokens of a recording of any length, in memory that does not grow with its samples.
//
// Up to 30 s it is what upstream's tokenizer makes of it. Beyond that it is read twice: once for the loudest
// moment, which every window of the mel is measured by, and once window by window.
#pragma once

#include <string>

#include "voice/bake.hpp"

namespace nightingale {

// Throws Failure (audio_invalid) as RecordingReader does, and for less than 0.1 s; cancelled by `progress`,
// which hears of "listening" and "tokens", in mel frames.
SpeechTokens source_tokens(Ops& op, const speech_tokenizer::SpeechTokenizer& network,
                           const std::string& recording, const BakeProgress& progress = {});

}  // namespace nightingale

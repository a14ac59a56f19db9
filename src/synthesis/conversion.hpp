// Voice conversion: what a recording says, in another voice. Its speech tokens go through the flow and the
// vocoder as if T3 had written them. Source: upstream vc.py ChatterboxVC.
//
// Up to 30 s everything is one window, as upstream does it. Longer recordings go through in windows of 30 s
// that share 4 s: the flow starts from the same noise where two windows overlap, its mels fade into each
// other in the middle of that, and the vocoder runs over the joined mel without a seam. Memory does not grow
// with the recording.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/flow/flow.hpp"
#include "models/hift/hift.hpp"
#include "models/speech_tokenizer/speech_tokenizer.hpp"
#include "nightingale/request.hpp"
#include "synthesis/marking.hpp"
#include "synthesis/watermark.hpp"
#include "voice/voice.hpp"

namespace nightingale {

class ConversionModel {
 public:
  // `s3gen` holds all of it; `watermark` is the file of the watermark's network, or empty. Throws Failure:
  // model_mismatch, file_invalid, memory.
  ConversionModel(const std::string& s3gen, std::unique_ptr<Ops> substrate,
                  const std::string& watermark = {});

  const speech_tokenizer::SpeechTokenizer& speech_tokenizer() const { return *speech_tokenizer_; }
  const flow::Flow& flow() const { return *flow_; }
  const hift::Hift& hift() const { return *hift_; }
  const Watermark* watermark() const { return watermark_.get(); }
  Ops& ops() const { return *substrate_; }

 private:
  std::unique_ptr<Ops> substrate_;
  std::unique_ptr<speech_tokenizer::SpeechTokenizer> speech_tokenizer_;
  std::unique_ptr<flow::Flow> flow_;
  std::unique_ptr<hift::Hift> hift_;
  std::unique_ptr<Watermark> watermark_;
};

// How the flow goes over a long row of tokens.
struct ConversionWindows {
  std::int64_t tokens = 750, overlap = 100;
};

struct Converted {
  std::vector<std::int32_t> tokens;
  double token_seconds = 0, mel_seconds = 0, sample_seconds = 0, watermark_seconds = 0;
  std::int64_t samples = 0;
  bool whole = true;  // false when the listener let it end early
  bool watermarked = false;
};

// Throws Failure: audio_invalid, option_invalid, cancelled, memory, and what the sink throws.
Converted convert(const ConversionModel& model, const VoiceArrays& voice, const std::string& recording,
                  const ConvertRequest& request, const SampleSink& sink,
                  const ConversionWindows& windows = {});

}  // namespace nightingale

// The networks that listen to a recording when a voice is made, opened: bound, judged, proved, loaded.
//
//   ve.safetensors      the voice encoder: T3's idea of the speaker
//   s3gen.safetensors   the speech tokenizer, and the flow's speaker encoder (CAM++)
//
// Constant after opening.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/campplus/campplus.hpp"
#include "models/speech_tokenizer/speech_tokenizer.hpp"
#include "models/voice_encoder/voice_encoder.hpp"

namespace nightingale {

class BakingNetworks {
 public:
  // Throws Failure: model_mismatch (all faults of a file in one report, or speaker sizes that the other
  // networks cannot read), file_invalid, memory.
  BakingNetworks(const std::string& voice_encoder_file, const std::string& s3gen_file, Ops& op);

  const voice_encoder::VoiceEncoder& voice_encoder() const { return *voice_encoder_; }
  const speech_tokenizer::SpeechTokenizer& speech_tokenizer() const { return *speech_tokenizer_; }
  const campplus::Campplus& campplus() const { return *campplus_; }
  const std::vector<std::string>& proof() const { return proof_; }

 private:
  std::unique_ptr<voice_encoder::VoiceEncoder> voice_encoder_;
  std::unique_ptr<speech_tokenizer::SpeechTokenizer> speech_tokenizer_;
  std::unique_ptr<campplus::Campplus> campplus_;
  std::vector<std::string> proof_;
};

// The voice encoder alone. Throws Failure as BakingNetworks does.
std::unique_ptr<voice_encoder::VoiceEncoder> open_voice_encoder(const std::string& file, Ops& op);

// The networks bound to a file or manifest, without numbers: for `inspect` and for proofs of manifests. Of an
// s3gen file these claim their own parts only.
std::unique_ptr<voice_encoder::VoiceEncoder> bind_voice_encoder(Binding& binding);
std::unique_ptr<speech_tokenizer::SpeechTokenizer> bind_speech_tokenizer(Binding& binding);
std::unique_ptr<campplus::Campplus> bind_campplus(Binding& binding);

// The networks run without arithmetic, their lengths left as symbols: a line each of what is proved. A stride
// of two is proved for even and for odd lengths apart.
std::vector<std::string> prove(const voice_encoder::VoiceEncoder& network);
std::vector<std::string> prove(const speech_tokenizer::SpeechTokenizer& network);
std::vector<std::string> prove(const campplus::Campplus& network);

}  // namespace nightingale

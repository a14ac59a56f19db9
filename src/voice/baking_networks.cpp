#include "voice/baking_networks.hpp"

#include <filesystem>

#include "base/failure.hpp"
#include "checkpoint/open_tensor_file.hpp"
#include "models/campplus/facts.hpp"
#include "models/flow/facts.hpp"
#include "models/speech_tokenizer/facts.hpp"
#include "models/t3/facts.hpp"
#include "models/voice_encoder/facts.hpp"
#include "ops/shapes.hpp"

namespace nightingale {

namespace {

const Axis one{"batch", 1};

void require_width(const std::string& file, const std::string& tensor, const Axis& speaker,
                   std::int64_t wanted, const std::string& reader) {
  const std::int64_t found = speaker.size.resolved().number();
  if (found == wanted) return;
  throw Failure({ErrorCode::model_mismatch,
                 std::filesystem::path(file).filename().string() + " makes an embedding that nobody can read",
                 {{tensor, std::to_string(found) + " numbers a speaker", std::to_string(wanted),
                   reader + " reads as many"}},
                 "take all files from the same release"});
}

void refuse_proof(const std::string& stage, const Tensor& out, const Shape& wanted) {
  fail(ErrorCode::internal, stage + " ends in " + out.shape().formula() + ", not in " + wanted.formula(),
       "please report this");
}

}  // namespace

std::unique_ptr<voice_encoder::VoiceEncoder> bind_voice_encoder(Binding& binding) {
  return std::make_unique<voice_encoder::VoiceEncoder>(binding.root().scope("voice_encoder"));
}

std::unique_ptr<speech_tokenizer::SpeechTokenizer> bind_speech_tokenizer(Binding& binding) {
  return std::make_unique<speech_tokenizer::SpeechTokenizer>(
      (binding.root() / "tokenizer").scope("speech_tokenizer"));
}

std::unique_ptr<campplus::Campplus> bind_campplus(Binding& binding) {
  return std::make_unique<campplus::Campplus>((binding.root() / "speaker_encoder").scope("campplus"));
}

std::unique_ptr<voice_encoder::VoiceEncoder> open_voice_encoder(const std::string& file, Ops& op) {
  Binding binding(open_tensor_file(file), "voice encoder");
  auto network = bind_voice_encoder(binding);
  binding.judge();
  require_width(file, "proj.weight", network->speaker(), t3::speaker_channels, "T3");
  binding.load(op);
  return network;
}

BakingNetworks::BakingNetworks(const std::string& voice_encoder_file, const std::string& s3gen_file, Ops& op)
    : voice_encoder_(open_voice_encoder(voice_encoder_file, op)) {
  Binding s3gen(open_tensor_file(s3gen_file), "speech tokenizer and speaker encoder");
  speech_tokenizer_ = bind_speech_tokenizer(s3gen);
  campplus_ = bind_campplus(s3gen);
  s3gen.root().unused("flow.", "the flow, which only speaking needs");
  s3gen.root().unused("mel2wav.", "the vocoder, which only speaking needs");
  s3gen.judge();

  require_width(s3gen_file, "speaker_encoder.xvector.dense.linear.weight", campplus_->speaker(),
                flow::speaker_channels, "the flow");
  for (const auto& lines : {prove(*voice_encoder_), prove(*speech_tokenizer_), prove(*campplus_)}) {
    proof_.insert(proof_.end(), lines.begin(), lines.end());
  }
  s3gen.load(op);
}

std::vector<std::string> prove(const voice_encoder::VoiceEncoder& network) {
  Shapes op;
  const Axis batch = unknown("batch");
  const Axis frame{"frame", voice_encoder::partial_frames}, mel{"mel", voice_encoder::mel_bands};
  const Tensor partials = network.embed(op, op.zeros({batch, frame, mel}));
  const Tensor speaker = voice_encoder::VoiceEncoder::average(op, partials);
  return {"voice_encoder = " + speaker.shape().text()};
}

std::vector<std::string> prove(const speech_tokenizer::SpeechTokenizer& network) {
  using namespace speech_tokenizer;
  const Axis token = unknown("token");
  const Shape wanted{one, token, {"digit", digits}};
  for (std::int64_t missing = 0; missing < frames_per_token; ++missing) {
    Shapes op;
    const Axis frame{"frame", frames_per_token * token.size - missing};
    const Tensor out = network.forward(op, op.zeros({one, frame, {"mel", mel_bands}}));
    if (!(out.shape() == wanted)) refuse_proof("the speech tokenizer", out, wanted);
  }
  return {"speech_tokenizer = [batch 1, token = ceil(frame/4), digit 8]"};
}

std::vector<std::string> prove(const campplus::Campplus& network) {
  const Axis half = unknown("half");
  const Shape wanted{one, {"speaker", network.speaker().size.resolved()}};
  for (std::int64_t missing = 0; missing < campplus::first_stride; ++missing) {
    Shapes op;
    const Axis frame{"frame", campplus::first_stride * half.size - missing};
    const Tensor out = network.forward(op, op.zeros({one, frame, {"band", campplus::bands}}));
    if (!(out.shape() == wanted)) refuse_proof("the speaker encoder", out, wanted);
  }
  return {"campplus = " + wanted.text()};
}

}  // namespace nightingale

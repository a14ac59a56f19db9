// Engine and Voice: translation between the public structs and the rooms below, nothing else.
#include "api/guarded.hpp"
#include "api/open_model.hpp"
#include "api/stage_times.hpp"
#include "models/t3/facts.hpp"
#include "nightingale/nightingale.hpp"
#include "nightingale/version.h"
#include "synthesis/pieces.hpp"
#include "synthesis/pipeline.hpp"
#include "synthesis/quantize.hpp"
#include "voice/voice.hpp"

namespace nightingale {

namespace {

Audio audio_of(Spoken spoken) {
  std::int64_t tokens = 0;
  for (const auto& piece : spoken.tokens) tokens += static_cast<std::int64_t>(piece.size());
  Audio audio;
  tell_stages(spoken, tokens, spoken.samples, audio);
  audio.cut = spoken.cut;
  audio.first_seconds = spoken.first_seconds;
  audio.tokens = std::move(spoken.tokens);
  return audio;
}

}  // namespace

std::string version() {
  return NIGHTINGALE_VERSION;
}

Result<Engine> Engine::open(const std::string& model, const EngineOptions& options) {
  return guarded([&] { return Engine(open_model(model, options)); });
}

Result<Audio> Engine::speak(const Request& request, const Voice& voice) const {
  return guarded([&] {
    std::vector<float> samples;
    Audio audio = audio_of(nightingale::speak(*model_, voice.kept_->arrays, request, into(samples)));
    audio.samples = std::move(samples);
    return audio;
  });
}

Result<Audio> Engine::stream(const Request& request, const Voice& voice, const SampleSink& sink) const {
  return guarded([&] {
    return audio_of(nightingale::speak(*model_, voice.kept_->arrays, request, sink, Sounding::stream));
  });
}

Result<Done> quantize(const std::string& model, const std::string& folder, const Precisions& precisions,
                      Variant variant) {
  return guarded([&] {
    quantize(find_model(model, wanted_language(variant), ""), folder, precisions);
    return Done{};
  });
}

Result<Done> check_request(const Request& request) {
  return guarded([&] {
    check_fields(request);
    check_text(request);
    return Done{};
  });
}

std::vector<Finding> Engine::check_voice(const Voice& voice) const {
  return doubts_about(*voice.kept_, std::string(name_of(model_->folder().language)), t3::longest_prompt);
}

std::vector<std::string> Engine::proof() const {
  return model_->proof();
}

}  // namespace nightingale

// The small models of tests/goldens, opened whole.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "goldens.hpp"
#include "kernels/cpu/cpu.hpp"
#include "kernels/reference/reference.hpp"
#include "synthesis/model.hpp"
#include "synthesis/pipeline.hpp"
#include "voice/voice.hpp"

namespace nightingale::test {

inline Model open_model(const std::string& folder, std::unique_ptr<Ops> substrate = make_cpu({1}),
                        const Precisions& precisions = {}) {
  return Model(find_model(folder, WantedLanguage::automatic, ""), std::move(substrate), {}, precisions);
}

// A model and a voice of the repository.
struct Golden {
  Model model;
  VoiceArrays voice;

  explicit Golden(const std::string& name, std::unique_ptr<Ops> substrate = make_cpu({1}),
                  const Precisions& precisions = {})
      : model(open_model(golden(name + "/model"), std::move(substrate), precisions)),
        voice(read_voice(golden(name + "/voice"))) {}
};

// What was spoken, and its samples.
struct Said : Spoken {
  std::vector<float> sound;
};
inline Said say(const Model& model, const VoiceArrays& voice, const Request& request,
                Sounding sounding = Sounding::whole) {
  Said said;
  const auto sink = [&](std::span<const float> samples) {
    said.sound.insert(said.sound.end(), samples.begin(), samples.end());
  };
  static_cast<Spoken&>(said) = speak(model, voice, request, sink, sounding);
  return said;
}

}  // namespace nightingale::test

// The small models of tests/goldens, opened whole.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "goldens.hpp"
#include "kernels/cpu/cpu.hpp"
#include "kernels/reference/reference.hpp"
#include "synthesis/model.hpp"
#include "voice/voice.hpp"

namespace nightingale::test {

inline Model open_model(const std::string& folder, std::unique_ptr<Ops> substrate = make_cpu({1})) {
  return Model(find_model(folder, WantedLanguage::automatic, ""), std::move(substrate));
}

// A model and a voice of the repository.
struct Golden {
  Model model;
  VoiceArrays voice;

  explicit Golden(const std::string& name, std::unique_ptr<Ops> substrate = make_cpu({1}))
      : model(open_model(golden(name + "/model"), std::move(substrate))),
        voice(read_voice(golden(name + "/voice"))) {}
};

}  // namespace nightingale::test

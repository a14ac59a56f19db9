// Voices as the verbs take them: anything that --voice can name, and what is said while one is baked.
#pragma once

#include <string>
#include <vector>

#include "nightingale/nightingale.hpp"

namespace nightingale::cli {

// Bakes with a progress bar on a terminal; says what the doctor found and did unless `quiet`.
Result<Baked> bake_aloud(const std::string& model, const std::string& recording, BakeOptions options,
                         const EngineOptions& engine, bool quiet);

// "warning: …" and advice, one finding after the other, to the error output.
void tell_findings(const std::vector<Finding>& findings);

struct VoiceWish {
  std::string path;   // a voice file, a baked folder, conds.pt or a recording
  std::string model;  // bakes a recording
  EngineOptions engine;
  bool cache = true;
  bool quiet = false;
};

// Opens the voice; of a recording, the one that was baked of the same content by the same model before, or
// else bakes it and keeps it in $XDG_CACHE_HOME/nightingale/voices (~/.cache). A cache that cannot be read or
// written is done without.
Result<Voice> open_voice(const VoiceWish& wish);

}  // namespace nightingale::cli

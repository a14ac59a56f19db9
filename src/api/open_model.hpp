// Options of the public API to a loaded model.
#pragma once

#include <memory>
#include <string>

#include "nightingale/nightingale.hpp"
#include "synthesis/model.hpp"

namespace nightingale {

// The substrate of the options. Throws Failure (option_invalid).
std::unique_ptr<Ops> open_substrate(const EngineOptions& options);

// The file of the watermark's network: the one given, or the one that ships. Throws Failure (model_missing).
std::string watermark_file(const std::string& given);

// Throws Failure as Engine::open says.
std::shared_ptr<const Model> open_model(const std::string& path, const EngineOptions& options);

}  // namespace nightingale

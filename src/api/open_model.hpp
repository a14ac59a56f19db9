// Options of the public API to a loaded model.
#pragma once

#include <memory>
#include <string>

#include "nightingale/nightingale.hpp"
#include "synthesis/model.hpp"

namespace nightingale {

WantedLanguage wanted_language(Variant variant);

// Throws Failure (option_invalid) for a number of threads that nobody has.
std::unique_ptr<Ops> make_substrate(const EngineOptions& options);

// The file of the watermark's network: the one given, or the one that ships. Throws Failure (model_missing).
std::string watermark_file(const std::string& given);

// Throws Failure as Engine::open says.
std::shared_ptr<const Model> open_model(const std::string& path, const EngineOptions& options);

}  // namespace nightingale

#include "cli/voices.hpp"

#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "cli/say.hpp"
#include "cli/stage_bar.hpp"

namespace nightingale::cli {

namespace {

namespace fs = std::filesystem;

// As the XDG base directory specification has it: a relative path counts as none.
std::optional<fs::path> cache_folder() {
  for (const auto& [variable, below] : {std::pair{"XDG_CACHE_HOME", ""}, std::pair{"HOME", ".cache"}}) {
    const char* const value = std::getenv(variable);
    if (value != nullptr && fs::path(value).is_absolute())
      return fs::path(value) / below / "nightingale" / "voices";
  }
  return std::nullopt;
}

void keep(const Voice& voice, const fs::path& place) {
  std::error_code error;
  fs::create_directories(place.parent_path(), error);
  // Without a cache the next one is baked again.
  if (!error) static_cast<void>(voice.save(place.string(), VoiceForm::file));
}

Result<Voice> bake_or_recall(const VoiceWish& wish) {
  const BakeOptions options{.name = fs::path(wish.path).stem().string()};
  std::optional<fs::path> place = wish.cache ? cache_folder() : std::nullopt;
  if (place) {
    const Result<std::string> key = Baker::key(wish.model, wish.path, options);
    if (!key.ok()) return key.error();
    *place /= key.value() + ".voice";
    std::error_code error;
    if (fs::exists(*place, error)) {
      Result<Voice> kept = Voice::open(place->string());
      if (kept.ok()) return kept;
    }
  }
  Result<Baked> baked = bake_aloud(wish.model, wish.path, options, wish.engine, wish.quiet);
  if (!baked.ok()) return baked.error();
  if (place) keep(baked->voice, *place);
  return baked->voice;
}

}  // namespace

void tell_findings(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    fmt::print(stderr, "{}: {}: {}\n  {}\n",
               finding.severity == Finding::Severity::warning ? "warning" : "note", finding.code,
               finding.sentence, finding.advice);
  }
}

Result<Baked> bake_aloud(const std::string& model, const std::string& recording, BakeOptions options,
                         const EngineOptions& engine, bool quiet) {
  const Result<Baker> baker = Baker::open(model, engine);
  if (!baker.ok()) return baker.error();
  StageBar bar(on_terminal() && !quiet);
  options.progress = [&bar](const Progress& progress) {
    bar.update(progress);
    return Going::on;
  };
  Result<Baked> baked = baker->bake(recording, options);
  bar.clear();
  if (!baked.ok() || quiet) return baked;
  if (!baked->did.empty()) fmt::print(stderr, "{}: {}\n", recording, baked->did);
  tell_findings(baked->findings);
  return baked;
}

Result<Voice> open_voice(const VoiceWish& wish) {
  return is_recording(wish.path) ? bake_or_recall(wish) : Voice::open(wish.path);
}

}  // namespace nightingale::cli

// The diagnoses as reports: inspect, verify, explain.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "api/guarded.hpp"
#include "api/open_model.hpp"
#include "diagnosis/explain.hpp"
#include "diagnosis/inspect.hpp"
#include "diagnosis/verify.hpp"
#include "nightingale/nightingale.hpp"

namespace nightingale {

namespace {

// The voice that was named, or else the folder `voice` beside the reference when there is one.
std::optional<VoiceArrays> voice_for(const std::string& reference, const std::string& voice) {
  if (!voice.empty()) return read_voice(voice);
  std::error_code error;
  const auto beside = std::filesystem::absolute(reference).lexically_normal() / "../voice";
  if (!std::filesystem::is_directory(beside, error)) return std::nullopt;
  return read_voice(beside.lexically_normal().string());
}

Report verified(const std::string& model, const std::string& reference, const std::string& voice,
                EngineOptions options) {
  const ReferenceFolder folder(reference);
  const std::optional<VoiceArrays> arrays = voice_for(reference, voice);
  if (options.language.empty()) options.language = folder.language();
  options.watermark = false;  // the other implementation's samples are the vocoder's own
  const Verification found =
      verify(*open_model(model, options), folder, arrays.has_value() ? &*arrays : nullptr);
  return {found.ok(), found.text(), found.json()};
}

Report inspected(const std::string& path) {
  const Inspection found = inspect_path(path);
  return {found.ok(), found.text(), found.json().dump(2)};
}

Hints hints_of(const ExplainHints& given) {
  Hints hints = given.reference.empty() ? Hints{} : read_hints(given.reference);
  const auto set = [&hints](const char* name, std::optional<std::int64_t> value, const char* origin) {
    if (value) hints.set(name, *value, origin);
  };
  set("prompt", given.prompt, "--prompt");
  set("prompt_frame", given.prompt_frame, "--prompt-frame");
  set("speech", given.speech, "--speech");
  set("text", given.text, "--text");
  return hints;
}

Report explained(const std::vector<std::string>& texts, const ExplainHints& given) {
  std::vector<Numbers> shapes;
  for (const std::string& text : texts) {
    const std::vector<Numbers> found = shapes_in(text);
    shapes.insert(shapes.end(), found.begin(), found.end());
  }
  constexpr std::size_t most = 9;
  if (shapes.empty() || shapes.size() > most) {
    fail(ErrorCode::option_invalid,
         shapes.empty() ? "there is no shape to explain"
                        : std::to_string(shapes.size()) + " shapes are too many at once",
         "give one to " + std::to_string(most) + ", such as \"(1,80,64)\" \"(1,564,80)\"");
  }
  const Explanation explanation = explain(shapes, hints_of(given));
  return {explanation.findings.empty(), explanation.text(), explanation.json().dump(2)};
}

}  // namespace

Result<Report> inspect(const std::string& path) {
  return guarded([&] { return inspected(path); });
}

Result<Report> verify(const std::string& model, const std::string& reference, const std::string& voice,
                      const EngineOptions& options) {
  return guarded([&] { return verified(model, reference, voice, options); });
}

Result<Report> explain(const std::vector<std::string>& shapes, const ExplainHints& hints) {
  return guarded([&] { return explained(shapes, hints); });
}

}  // namespace nightingale

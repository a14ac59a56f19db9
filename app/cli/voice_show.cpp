// nightingale voice show VOICE: what is known of a voice, and what it holds.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <type_traits>

#include "cli/models.hpp"
#include "cli/say.hpp"
#include "cli/verbs.hpp"
#include "cli/voice_json.hpp"

namespace nightingale::cli {

namespace {

struct Given {
  std::string path, preview;
  bool json = false;
};

std::string label_of(std::string name) {
  for (char& letter : name) letter = letter == '_' ? ' ' : letter;
  return name;
}

void add_line(std::string& out, const std::string& label, const std::string& value) {
  if (!value.empty()) out += fmt::format("{}  {:15} {}", out.empty() ? "" : "\n", label, value);
}

std::string text_of(const std::string& fact) {
  return fact;
}
std::string text_of(std::int64_t fact) {
  return fact == 0 ? "" : fmt::format("{}", fact);
}
std::string text_of(double fact) {
  return fact == 0 ? "" : fmt::format("{:.1f}", fact);
}

std::string voice_text(const std::string& path, const Voice& voice) {
  const VoiceSizes sizes = voice.sizes();
  std::string out;
  visit_facts(voice.facts(),
              [&out](const char* name, const auto& fact) { add_line(out, label_of(name), text_of(fact)); });
  if (out.empty()) out = "  nothing is known of where it comes from";
  add_line(out, "exaggeration", fmt::format("{:.2g}", sizes.exaggeration));
  add_line(out, "prompt",
           fmt::format("{:.1f} s: {} speech tokens, {} mel frames", sizes.prompt_seconds, sizes.prompt_tokens,
                       sizes.prompt_frames));
  add_line(out, "T3's prompt", fmt::format("{} speech tokens", sizes.condition_tokens));
  if (sizes.preview_seconds > 0) {
    add_line(out, "preview", fmt::format("{:.1f} s of the recording", sizes.preview_seconds));
  }
  add_line(out, "size", fmt::format("{} kB", (bytes_on_disk(path) + 999) / 1000));
  return path + "\n" + out;
}

int write_preview(const Voice& voice, const Given& given) {
  const Audio audio{.samples = voice.preview(), .tokens = {}, .times = {}, .whole = true};
  if (audio.samples.empty()) {
    return complain({ErrorCode::voice_invalid,
                     given.path + " was baked without a preview",
                     {},
                     "bake it with --preview"});
  }
  const Result<Done> written = write_audio(audio, given.preview);
  return written.ok() ? done : complain(written.error());
}

int show_voice(Given& given) {
  const Result<std::string> place = find_voice(given.path, shipped_model());
  if (!place.ok()) return complain(place.error());
  given.path = place.value();
  if (is_recording(given.path)) {
    return complain({ErrorCode::voice_invalid,
                     given.path + " is a recording, not a voice",
                     {},
                     "nightingale voice bake makes a voice of it"});
  }
  const Result<Voice> voice = Voice::open(given.path);
  if (!voice.ok()) return complain(voice.error());
  if (!given.preview.empty()) {
    if (const int status = write_preview(voice.value(), given); status != done) return status;
  }
  const std::string said =
      given.json ? voice_json(given.path, voice.value()) : voice_text(given.path, voice.value());
  return print(said) ? done : complain("the output cannot be written");
}

}  // namespace

void add_voice_show(CLI::App& voice, int& status) {
  const auto given = std::make_shared<Given>();
  CLI::App* verb = voice.add_subcommand("show", "Show what is known of a voice and what it holds");
  verb->add_option("voice", given->path,
                   "Voice file, baked folder, conds.pt, or the name of a voice that ships")
      ->type_name("VOICE")
      ->required();
  verb->add_option("--preview", given->preview, "Write the clip that was kept with it")->type_name("FILE");
  verb->add_flag("--json", given->json, "Print one JSON object");
  verb->callback([given, &status] { status = show_voice(*given); });
}

void add_voice(CLI::App& program, int& status) {
  CLI::App* voice = program.add_subcommand("voice", "Make voices of recordings, show and compare them");
  voice->require_subcommand(1);
  add_voice_bake(*voice, status);
  add_voice_show(*voice, status);
  add_voice_compare(*voice, status);
}

}  // namespace nightingale::cli

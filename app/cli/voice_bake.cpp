// nightingale voice bake RECORDING -o anna.voice: a voice of any recording.
#include <fmt/core.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>

#include "cli/interrupt.hpp"
#include "cli/models.hpp"
#include "cli/say.hpp"
#include "cli/verbs.hpp"
#include "cli/voice_json.hpp"
#include "cli/voices.hpp"

namespace nightingale::cli {

namespace {

namespace fs = std::filesystem;

struct Given {
  std::string recording, output, model;
  BakeOptions bake;
  EngineOptions engine;
  VoiceForm form = VoiceForm::automatic;
  bool quiet = false, json = false;
};

// "recordings/anna.wav" becomes anna.voice here, called anna.
void fill_in(Given& given) {
  const std::string stem = fs::path(given.recording).stem().string();
  if (given.output.empty()) given.output = stem + (given.form == VoiceForm::folder ? "" : ".voice");
  if (given.bake.name.empty()) given.bake.name = stem;
  given.engine.language = given.bake.language;
}

void tell(const Given& given, const Baked& baked, double seconds) {
  if (given.json) print(voice_json(given.output, baked.voice, &baked));
  if (given.quiet) return;
  const VoiceSizes sizes = baked.voice.sizes();
  const std::string preview =
      sizes.preview_seconds > 0
          ? fmt::format("; holds {:.1f} s of the recording itself as a preview", sizes.preview_seconds)
          : "";
  fmt::print(stderr, "{}: the voice {}, of {:.1f} s, baked in {:.1f} s; {} kB{}\n", given.output,
             given.bake.name, sizes.prompt_seconds, seconds, (bytes_on_disk(given.output) + 999) / 1000,
             preview);
}

int bake(Given& given) {
  listen_for_interrupt();
  fill_in(given);
  if (const auto checked = check_voice_output(given.output, given.form); !checked.ok()) {
    return complain(checked.error());
  }
  const Result<std::string> model = find_model(given.model, given.quiet);
  if (!model.ok()) return complain(model.error());
  const auto start = std::chrono::steady_clock::now();
  const Result<Baked> baked =
      bake_aloud(model.value(), given.recording, given.bake, given.engine, given.quiet);
  if (!baked.ok()) return complain(baked.error());
  if (const auto saved = baked->voice.save(given.output, given.form); !saved.ok())
    return complain(saved.error());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  tell(given, baked.value(), seconds.count());
  return done;
}

}  // namespace

void add_voice_bake(CLI::App& voice, int& status) {
  const std::map<std::string, VoiceForm> forms{{"file", VoiceForm::file}, {"folder", VoiceForm::folder}};
  const auto given = std::make_shared<Given>();
  CLI::App* verb = voice.add_subcommand("bake", "Make a voice of a recording");
  verb->add_option("recording", given->recording, "Any audio file; 5 to 10 s of one person are best")
      ->type_name("RECORDING")
      ->required();
  verb->add_option("-o,--output", given->output, "Where to write (default: the recording's name and .voice)")
      ->type_name("PATH");
  verb->add_option("--name", given->bake.name, "The voice's name (default: the recording's)")
      ->type_name("TEXT");
  verb->add_option("--language", given->bake.language, "Language that is spoken, a note")->type_name("ID");
  verb->add_option("--licence", given->bake.licence, "How the voice may be used, a note")->type_name("TEXT");
  verb->add_option("--consent", given->bake.consent, "What the speaker agreed to, a note")->type_name("TEXT");
  verb->add_flag("--strict", given->bake.strict, "Refuse a recording that the doctor warns about");
  verb->add_flag("--as-is", given->bake.as_is, "Choose and trim nothing: bake what upstream would");
  verb->add_flag("--preview", given->bake.preview, "Keep the clip, at most 10 s, with the voice");
  verb->add_option("--format", given->form, "file or folder (default: by the output's ending)")
      ->transform(CLI::CheckedTransformer(forms).description(""))
      ->type_name("NAME");
  verb->add_option("--model", given->model,
                   "Model folder, or the name of one that ships (default: fledgling)")
      ->type_name("MODEL");
  verb->add_option("--threads", given->engine.threads, "Threads; 0 is one for each core")->type_name("N");
  verb->add_flag("--quiet", given->quiet, "Say nothing but errors");
  verb->add_flag("--json", given->json, "Print one JSON object: facts, sizes, findings");
  verb->callback([given, &status] { status = bake(*given); });
}

}  // namespace nightingale::cli

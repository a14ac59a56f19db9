// nightingale voice compare A B: how alike two voices are to the network that tells T3 who speaks.
#include <fmt/format.h>

#include <memory>

#include "cli/models.hpp"
#include "cli/say.hpp"
#include "cli/verbs.hpp"
#include "cli/voice_json.hpp"

namespace nightingale::cli {

namespace {

struct Given {
  std::string a, b, model;
  EngineOptions engine;
  bool json = false;
};

// Rules of thumb, of clear speech of several seconds: docs/voices.md says where they come from.
constexpr double probably_same = 0.85, probably_different = 0.75;

std::string text_of(double similarity) {
  const char* const words = similarity >= probably_same        ? "probably the same speaker"
                            : similarity <= probably_different ? "probably different speakers"
                                                               : "too close to tell";
  return fmt::format("similarity {:.2f}: {}", similarity, words);
}

int compare(Given& given) {
  std::string model;  // two voices need none
  if (!given.model.empty() || is_recording(given.a) || is_recording(given.b)) {
    const Result<std::string> found = find_model(given.model);
    if (!found.ok()) return complain(found.error());
    model = found.value();
  }
  const std::string named_in = model.empty() ? shipped_model() : model;
  const Result<std::string> a = find_voice(given.a, named_in);
  if (!a.ok()) return complain(a.error());
  const Result<std::string> b = find_voice(given.b, named_in);
  if (!b.ok()) return complain(b.error());
  const Result<Likeness> likeness = compare_voices(a.value(), b.value(), model, given.engine);
  if (!likeness.ok()) return complain(likeness.error());
  const std::string said = given.json ? likeness_json(likeness.value()) : text_of(likeness->similarity);
  return print(said) ? done : complain("the output cannot be written");
}

}  // namespace

void add_voice_compare(CLI::App& voice, int& status) {
  const auto given = std::make_shared<Given>();
  CLI::App* verb = voice.add_subcommand("compare", "Say how alike two voices are");
  for (const auto& [name, path] : {std::pair{"a", &given->a}, std::pair{"b", &given->b}}) {
    verb->add_option(name, *path, "Recording, voice file, baked folder, conds.pt or a name")
        ->type_name("VOICE")
        ->required();
  }
  verb->add_option("--model", given->model, "Model folder or name, for recordings: ve.safetensors is enough")
      ->type_name("MODEL");
  verb->add_option("--threads", given->engine.threads, "Threads; 0 is one for each core")->type_name("N");
  verb->add_flag("--json", given->json, "Print one JSON object: similarity, embeddings");
  verb->callback([given, &status] { status = compare(*given); });
}

}  // namespace nightingale::cli

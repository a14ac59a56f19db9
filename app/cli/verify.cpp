// nightingale verify MODEL REFERENCE: every step on another implementation's inputs, compared.
#include <map>
#include <memory>

#include "cli/models.hpp"
#include "cli/say.hpp"
#include "cli/verbs.hpp"

namespace nightingale::cli {

namespace {

struct Given {
  std::string model, reference, voice;
  EngineOptions options;
  bool json = false;
};

int run_verify(Given& given) {
  const Result<std::string> model = find_model(given.model);
  if (!model.ok()) return complain(model.error());
  if (!given.voice.empty()) {
    const Result<std::string> voice = find_voice(given.voice, model.value());
    if (!voice.ok()) return complain(voice.error());
    given.voice = voice.value();
  }
  return show(verify(model.value(), given.reference, given.voice, given.options), given.json);
}

}  // namespace

void add_verify(CLI::App& program, int& status) {
  const std::map<std::string, Substrate> substrates{{"cpu", Substrate::cpu},
                                                    {"reference", Substrate::reference}};
  const auto given = std::make_shared<Given>();
  CLI::App* verb = program.add_subcommand("verify", "Compare every step with another implementation's");
  verb->add_option("model", given->model, "Model folder, or the name of one that ships")
      ->type_name("MODEL")
      ->required();
  verb->add_option("reference", given->reference, "Folder of the steps' arrays")
      ->type_name("REFERENCE")
      ->required();
  verb->add_option("--voice", given->voice, "Voice (default: REFERENCE/../voice)")->type_name("VOICE");
  verb->add_option("--substrate", given->options.substrate, "cpu, or reference: plain loops in double")
      ->transform(CLI::CheckedTransformer(substrates).description(""))
      ->type_name("NAME");
  verb->add_option("--threads", given->options.threads, "Threads; 0 is one for each core")->type_name("N");
  verb->add_flag("--json", given->json, "Print one JSON object");
  verb->callback([given, &status] { status = run_verify(*given); });
}

}  // namespace nightingale::cli

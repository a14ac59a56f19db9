// nightingale verify MODEL REFERENCE: every step on another implementation's inputs, compared.
#include <map>
#include <memory>

#include "cli/say.hpp"
#include "cli/verbs.hpp"

namespace nightingale::cli {

namespace {

struct Given {
  std::string model, reference, voice;
  EngineOptions options;
  bool json = false;
};

}  // namespace

void add_verify(CLI::App& program, int& status) {
  const std::map<std::string, Substrate> substrates{{"cpu", Substrate::cpu},
                                                    {"reference", Substrate::reference}};
  const auto given = std::make_shared<Given>();
  CLI::App* verb = program.add_subcommand("verify", "Compare every step with another implementation's");
  verb->add_option("model", given->model, "Model folder")->type_name("MODEL")->required();
  verb->add_option("reference", given->reference, "Folder of the steps' arrays")
      ->type_name("REFERENCE")
      ->required();
  verb->add_option("--voice", given->voice, "Voice (default: REFERENCE/../voice)")->type_name("PATH");
  verb->add_option("--substrate", given->options.substrate, "cpu, or reference: plain loops in double")
      ->transform(CLI::CheckedTransformer(substrates).description(""))
      ->type_name("NAME");
  verb->add_option("--threads", given->options.threads, "Threads; 0 is one for each core")->type_name("N");
  verb->add_flag("--json", given->json, "Print one JSON object");
  verb->callback([given, &status] {
    status = show(verify(given->model, given->reference, given->voice, given->options), given->json);
  });
}

}  // namespace nightingale::cli

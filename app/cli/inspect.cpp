// nightingale inspect MODEL: solved sizes, the tree of weights, the signatures of the stages.
#include <memory>

#include "cli/say.hpp"
#include "cli/verbs.hpp"

namespace nightingale::cli {

void add_inspect(CLI::App& program, int& status) {
  struct Given {
    std::string path;
    bool json = false;
  };
  const auto given = std::make_shared<Given>();
  CLI::App* verb = program.add_subcommand("inspect", "Show what a model folder, a file or a manifest holds");
  verb->add_option("model", given->path, "Model folder, one of its files, or a manifest")
      ->type_name("MODEL")
      ->required();
  verb->add_flag("--json", given->json, "Print one JSON object");
  verb->callback([given, &status] { status = show(inspect(given->path), given->json); });
}

}  // namespace nightingale::cli

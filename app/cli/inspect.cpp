// nightingale inspect MODEL: solved sizes, the tree of weights, the signatures of the stages.
#include <memory>

#include "cli/models.hpp"
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
  verb->add_option("model", given->path,
                   "Model folder, the name of one that ships, one of a model's files, or a manifest")
      ->type_name("MODEL")
      ->required();
  verb->add_flag("--json", given->json, "Print one JSON object");
  verb->callback([given, &status] {
    const Result<std::string> model = find_model(given->path);
    status = model.ok() ? show(inspect(model.value()), given->json) : complain(model.error());
  });
}

}  // namespace nightingale::cli

// nightingale quantize MODEL -o FOLDER: the model written again in few bits.
#include <memory>

#include "cli/models.hpp"
#include "cli/precisions.hpp"
#include "cli/say.hpp"
#include "cli/verbs.hpp"

namespace nightingale::cli {

namespace {

struct Given {
  std::string model, output;
  Precisions precisions;
};

int quantize(const Given& given) {
  const Result<std::string> model = find_model(given.model);
  if (!model.ok()) return complain(model.error());
  const Result<Done> written = nightingale::quantize(model.value(), given.output, given.precisions);
  return written.ok() ? done : complain(written.error());
}

}  // namespace

void add_quantize(CLI::App& program, int& status) {
  const auto given = std::make_shared<Given>();
  CLI::App* verb = program.add_subcommand("quantize", "Write a model again with its weights in few bits");
  verb->add_option("model", given->model, "Model folder, or the name of one that ships")
      ->type_name("MODEL")
      ->required();
  verb->add_option("-o,--output", given->output, "A new folder")->type_name("FOLDER")->required();
  add_precisions(*verb, given->precisions);
  verb->callback([given, &status] { status = quantize(*given); });
}

}  // namespace nightingale::cli

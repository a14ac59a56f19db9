// nightingale explain SHAPE…: which named axes fit bare numbers, and what went wrong between them.
#include <memory>

#include "cli/say.hpp"
#include "cli/verbs.hpp"

namespace nightingale::cli {

namespace {

struct Given {
  std::vector<std::string> shapes;
  ExplainHints hints;
  bool json = false;
};

}  // namespace

void add_explain(CLI::App& program, int& status) {
  const auto given = std::make_shared<Given>();
  CLI::App* verb = program.add_subcommand("explain", "Say what the numbers of tensor shapes are");
  verb->add_option("shapes", given->shapes, "\"(1,80,64)\" \"(1,564,80)\", or a whole error message")
      ->type_name("SHAPE…")
      ->required();
  verb->add_option("--prompt", given->hints.prompt, "Speech tokens of the voice's prompt")->type_name("N");
  verb->add_option("--speech", given->hints.speech, "Speech tokens that were made")->type_name("N");
  verb->add_option("--text", given->hints.text, "Text tokens, start and stop included")->type_name("N");
  verb->add_option("--prompt-frame", given->hints.prompt_frame, "Rows of the voice's mel")->type_name("N");
  verb->add_option("--reference", given->hints.reference, "A reference folder, which knows these")
      ->type_name("DIR");
  verb->add_flag("--json", given->json, "Print one JSON object");
  verb->callback([given, &status] {
    const Result<Report> report = explain(given->shapes, given->hints);
    const int shown = show(report, given->json);
    status = report.ok() && shown == at_fault ? done : shown;  // an explained conflict is a success
  });
}

}  // namespace nightingale::cli

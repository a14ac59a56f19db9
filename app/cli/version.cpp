// nightingale version, and the verbs that are planned: each says so in one line.
#include "cli/say.hpp"
#include "cli/verbs.hpp"

namespace nightingale::cli {

void add_version(CLI::App& program, int& status) {
  CLI::App* verb = program.add_subcommand("version", "Print the version");
  verb->callback([&status] {
    status = print("nightingale " + version()) ? done : complain("the output cannot be written");
  });
}

void add_later(CLI::App& program, int& status) {
  for (const char* name : {"models", "pull", "serve"}) {
    CLI::App* verb = program.add_subcommand(name, "");
    verb->group("");  // not listed in the help
    verb->allow_extras();
    verb->callback([name, &status] {
      status = complain({ErrorCode::unsupported, std::string(name) + " is not built yet", {}, {}});
    });
  }
}

}  // namespace nightingale::cli

// The program's door: collects the verbs, lets CLI11 read the arguments, and turns what happened into an exit
// status.
#include <exception>

#include "cli/say.hpp"
#include "cli/verbs.hpp"
#include "nightingale/nightingale.hpp"

namespace nightingale::cli {

int run(int count, char** arguments) {
  int status = done;
  CLI::App program("Text in, a cloned voice speaking it out, on your own machine.", "nightingale");
  program.set_version_flag("--version", "nightingale " + version());
  program.require_subcommand(1);
  program.failure_message(CLI::FailureMessage::simple);
  for (const auto add : {add_speak, add_voice, add_convert, add_detect, add_inspect, add_verify, add_explain,
                         add_bench, add_quantize, add_version, add_later}) {
    add(program, status);
  }
  try {
    program.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? done : wrong_usage;
  }
  return status;
}

}  // namespace nightingale::cli

int main(int count, char** arguments) {
  try {
    return nightingale::cli::run(count, arguments);
  } catch (const std::exception& exception) {
    return nightingale::cli::complain({nightingale::ErrorCode::internal, exception.what(), {}, {}});
  }
}

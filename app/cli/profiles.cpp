#include "cli/profiles.hpp"

#include <memory>
#include <string>
#include <vector>

#include "nightingale/profile.hpp"

namespace nightingale::cli {

namespace {

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const Profile& profile : profiles()) all.emplace_back(profile.name);
  return all;
}

std::string meanings() {
  std::string text;
  for (const Profile& profile : profiles()) {
    text += std::string(profile.name) + ": " + std::string(profile.help) + "; ";
  }
  return text + "what is given beside it counts more (default: exact)";
}

}  // namespace

void add_profile(CLI::App& verb, Precisions& precisions, Request& request) {
  const auto name = std::make_shared<std::string>();
  verb.add_option("--profile", *name, meanings())
      ->check(CLI::IsMember(names()).description(""))
      ->type_name("NAME");
  verb.parse_complete_callback([name, &verb, &precisions, &request] {
    for (const Profile& profile : profiles()) {
      if (profile.name != *name) continue;
      if (verb.count("--weights") == 0) precisions.t3 = profile.precisions.t3;
      if (verb.count("--flow") == 0) precisions.flow = profile.precisions.flow;
      if (verb.count("--steps") == 0) request.steps = profile.steps;
      if (verb.count("--prompt-seconds") == 0) request.prompt_seconds = profile.prompt_seconds;
      if (verb.count("--unconditioned-prompt-seconds") == 0) {
        request.unconditioned_prompt_seconds = profile.unconditioned_prompt_seconds;
      }
    }
  });
}

}  // namespace nightingale::cli

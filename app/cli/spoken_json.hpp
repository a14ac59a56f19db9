// What `speak --json` prints: one object.
#pragma once

#include <string>

#include "nightingale/nightingale.hpp"

namespace nightingale::cli {

// {"output", "seconds", "whole", "seed", …every field…, "time", "stages": [{"stage", "seconds", "made"}],
// "tokens": [[…], …]}; docs/cli.md says what each is.
std::string spoken_json(const Request& request, const Audio& audio, const std::string& output, double time);

}  // namespace nightingale::cli

// What `speak --json` and `convert --json` print: one object.
#pragma once

#include <string>

#include "nightingale/nightingale.hpp"

namespace nightingale::cli {

// {"output", "seconds", "whole", "cut", "seed", …every field…, "time", "stages": [{"stage", "seconds",
// "made"}], "tokens": [[…], …]}; docs/cli.md says what each is.
std::string spoken_json(const Request& request, const Audio& audio, const std::string& output, double time);

// The same without "cut" and "language": what `convert --json` prints.
std::string converted_json(const ConvertRequest& request, const Audio& audio, const std::string& output,
                           double time);

// How long the conversion is in seconds, also when its samples went to a sink and `audio` holds none.
double seconds_of(const Audio& audio);

}  // namespace nightingale::cli

// --profile: a named choice between speed and likeness.
#pragma once

#include <CLI/CLI.hpp>

#include "nightingale/precision.hpp"
#include "nightingale/request.hpp"

namespace nightingale::cli {

// To be added behind the flags it stands for, --weights, --flow, --steps, --prompt-seconds and
// --unconditioned-prompt-seconds: what is given there counts more.
void add_profile(CLI::App& verb, Precisions& precisions, Request& request);

}  // namespace nightingale::cli

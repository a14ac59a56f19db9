// --weights and --flow: in how many bits T3 and the flow work, of every verb that speaks.
#pragma once

#include <CLI/CLI.hpp>

#include "nightingale/nightingale.hpp"

namespace nightingale::cli {

void add_precisions(CLI::App& verb, Precisions& precisions);

}  // namespace nightingale::cli

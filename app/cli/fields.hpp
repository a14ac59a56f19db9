// The fields of a request as flags: made from visit_fields, so none can be forgotten.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "nightingale/request.hpp"

namespace nightingale::cli {

// "repetition_penalty" → "--repetition-penalty"
std::string flag_of(std::string_view field);

// Adds one option for each field, which writes into the request.
void add_fields(CLI::App& verb, Request& request);
void add_fields(CLI::App& verb, ConvertRequest& request);

}  // namespace nightingale::cli

// How the program talks: results to the output, everything else to the error output.
#pragma once

#include <string>
#include <string_view>

#include "nightingale/nightingale.hpp"

namespace nightingale::cli {

// The text and a line end, to the output. False when it could not be written (a full disk).
bool print(std::string_view text);

// "nightingale: " and the error as text, to the error output. Returns the exit status for it.
int complain(const Error& error);
int complain(const std::string& sentence, const std::string& fix = {});

// A report as text or JSON; exit status 0 when nothing is wrong in it.
int show(const Result<Report>& report, bool as_json);

// Whether the error output is a terminal.
bool on_terminal();

}  // namespace nightingale::cli

// Where the words come from.
#pragma once

#include <string>
#include <vector>

#include "nightingale/error.hpp"

namespace nightingale::cli {

// The words of the command line, the file of -i, or the standard input: "-" asks for it, and so does saying
// nothing when it is no terminal.
Result<std::string> read_text(const std::vector<std::string>& words, const std::string& file);

}  // namespace nightingale::cli

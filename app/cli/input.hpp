// Where the words come from and whose voice and model they are spoken with.
#pragma once

#include <string>
#include <vector>

#include "nightingale/error.hpp"

namespace nightingale::cli {

// The words of the command line, the file of -i, or the standard input: "-" asks for it, and so does saying
// nothing when it is no terminal.
Result<std::string> read_text(const std::vector<std::string>& words, const std::string& file);

// The model folder: the one given, or the one that ships with the program.
Result<std::string> find_model(const std::string& given);

// The voice: the one given, or the model's own.
Result<std::string> find_voice(const std::string& given, const std::string& model);

}  // namespace nightingale::cli

// Which model and which voice are meant: a place that is given, a name of what ships, or what stands in when
// nothing is said. Every verb asks here.
#pragma once

#include <string>

#include "nightingale/error.hpp"

namespace nightingale::cli {

// The folder of a model that ships with the program, by its name; "" when it is not there.
std::string shipped_model(const std::string& name = "fledgling");

// The model folder: the place given or, where nothing is, the shipped model of that name. Without either the
// small model that ships; one line on the error output says so, unless `quiet`.
Result<std::string> find_model(const std::string& given, bool quiet = false);

// The voice: the place given or, where nothing is, the one of that name in the folder `voices` of the model
// ("slt": voices/slt.voice). Nothing given: the model's own, conds.pt.
Result<std::string> find_voice(const std::string& given, const std::string& model);

}  // namespace nightingale::cli

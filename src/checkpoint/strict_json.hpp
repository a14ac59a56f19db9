// JSON as our files may hold it: no key twice in one object, no nesting deeper than the format needs.
//
// nlohmann alone keeps the last of two equal keys, so that a tensor could hide another.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace nightingale {

// Parses one whole JSON object. `subject` opens the sentences: "model.safetensors: the header". Throws
// file_invalid.
nlohmann::json parse_strict_json(std::string_view text, const std::string& subject, int deepest);

// Reads an array of sizes, each a whole number from 0 to 2^63 - 1; returns false when it is anything else.
bool read_sizes(const nlohmann::json& array, std::vector<std::int64_t>& sizes);

}  // namespace nightingale

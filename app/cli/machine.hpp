// What measurements are told with: the machine, and the memory this process has used.
#pragma once

#include <cstdint>
#include <string>

namespace nightingale::cli {

std::string processor_name();  // "unknown processor" where nobody says
int processor_count();

// The most memory this process has held at one time, in bytes.
std::int64_t peak_memory();

}  // namespace nightingale::cli

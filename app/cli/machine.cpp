#include "cli/machine.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <thread>

namespace nightingale::cli {

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

int processor_count() {
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

std::int64_t peak_memory() {
  constexpr std::int64_t unit = 1024;  // Linux counts it in KiB
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * unit;
}

}  // namespace nightingale::cli

// The measurements of a bench and how they are told.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nightingale/nightingale.hpp"

namespace nightingale::cli {

// Seconds of each run.
struct PartRuns {
  std::string part;
  std::vector<double> ours, theirs;
};

struct StageRuns {
  std::string stage;
  std::int64_t tokens = 0;
  double bytes = 0;                  // that one run had to read
  std::int64_t texts = 1;            // that were decoded together
  std::vector<double> ours, theirs;  // seconds of each run
  std::vector<PartRuns> parts;       // of the stage, in order

  PartRuns& part(const std::string& name);  // added when there is none
};

struct BenchReport {
  std::string processor;
  int threads = 0;
  std::vector<StageRuns> stages;
  MachineLimits limits = {};                      // of the machine, measured in the same run
  std::int64_t our_memory = 0, their_memory = 0;  // most bytes held; 0 where nobody was asked

  std::string text() const;
  std::string json() const;
};

}  // namespace nightingale::cli

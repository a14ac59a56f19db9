// Readings against each other: the order of their axes, the lengths they share, the stages they come from.
#pragma once

#include <string>
#include <vector>

#include "diagnosis/explain.hpp"
#include "diagnosis/reading.hpp"

namespace nightingale {

struct Differences {
  std::vector<Explanation::Finding> findings;  // empty when nothing is wrong
  std::vector<std::string> fixes;
};

// Every pair of readings; each thing is said once.
Differences find_differences(const std::vector<Reading>& readings, const Lengths& lengths);

}  // namespace nightingale

// The error that explains, for numbers from anywhere: which named axes fit each number of a shape, which do
// not, and what went wrong between two of them.
//
//   Shapes (1,80,64) and (1,564,80) cannot be broadcast.
//
// is what a framework says. Here it becomes: 564 = 2·(250 + 32) = 2·(prompt + speech), 64 leaves the prompt
// out, the axes are in another order, and what to do. Without hints the candidates are listed, none is
// preferred.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "diagnosis/hints.hpp"
#include "diagnosis/shape_text.hpp"

namespace nightingale {

struct Explanation {
  struct Line {
    std::string shape;    // "(1, 80, 64)"
    std::string axes;     // "[batch 1, mel 80, frame 64]"
    std::string formula;  // "frame = 64 = 2·32 = 2·speech"; empty when no length is known
    std::string place;    // "the flow's decoder"; empty when nothing fits
  };
  struct Finding {
    std::string subject;  // "axis order", "frame", "not"
    std::string text;
  };
  struct Candidates {
    std::int64_t number;
    std::vector<std::string> readings;  // "frame = 2·speech with speech = 32"
    std::vector<std::string> meanings;  // of each reading: "rows that leave the flow, …"
  };

  std::string verdict;
  bool agree = false;  // two shapes or more, and nothing is wrong between them
  std::vector<Line> lines;
  std::vector<Finding> findings;
  std::vector<Candidates> candidates;
  std::string fix;
  std::string known;  // the hints that were used

  std::string text() const;  // for people, no trailing newline
  nlohmann::json json() const;
};

// One to nine shapes of one to five axes; throws option_invalid for others.
Explanation explain(const std::vector<Numbers>& shapes, const Hints& hints);

}  // namespace nightingale

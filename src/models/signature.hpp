// What a stage takes and gives, with axes: printed by `inspect`, shown in the docs, checked where stages
// join.
#pragma once

#include <string>
#include <vector>

#include "tensor/axes.hpp"

namespace nightingale {

struct Signature {
  struct Value {
    std::string name;
    Shape shape;
  };
  std::string stage;
  std::vector<Value> inputs;
  Value output;
};

}  // namespace nightingale

// What is known before a shape is explained: the lengths of a request and the sizes of a model.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tensor/axes.hpp"

namespace nightingale {

struct Hints {
  Lengths lengths;
  // Sizes that differ from model to model; these are the published ones.
  std::int64_t model = 1024;   // T3's width
  std::int64_t channel = 512;  // the flow's encoder
  std::int64_t speaker = 192;  // the x-vector of the flow

  // `length` is one of text, prompt, prompt_frame, speech; a later value replaces an earlier one. Throws
  // option_invalid for another name or a value that is no length.
  void set(std::string_view length, std::int64_t value, const std::string& origin);
};

// The lengths and sizes that a reference folder's arrays have. Arrays that are not there are left out; a
// folder with none of them is refused.
Hints read_hints(const std::string& reference_folder);

}  // namespace nightingale

// Weights in the order in which their kernels read them, made once by prepare.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ops/weight.hpp"

namespace nightingale::cpu {

// A 2-D convolution's weight as the right side of one product: [strip of out, row tap, column tap, in, out of
// the strip].
struct PackedPlane {
  std::vector<float> numbers;
  std::int64_t row_taps = 0, column_taps = 0, in = 0, out = 0;
  std::int64_t depth() const { return row_taps * column_taps * in; }
};

std::shared_ptr<const PackedPlane> packed_plane(const Weight& weight);

// A depthwise convolution's weight as [tap, channel].
std::shared_ptr<const std::vector<float>> packed_depthwise(const Weight& weight);

}  // namespace nightingale::cpu

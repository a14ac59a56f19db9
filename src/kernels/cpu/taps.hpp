// The sum that both kinds of convolution are made of: a few matrix products, one a tap, into the same rows.
//
//   out[q·out_step] = bias + Σ_tap x[q·in_step + offset_tap] · weight_tap        rows outside x count as 0
//
// Nothing depends on the length, so a new length has nothing to create; and no tap is ever gathered, except
// where the input is so narrow that one product over all taps is worth the copy.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/cpu/finish.hpp"

namespace nightingale::cpu {

// A convolution's weight, reordered once so that each tap is the right side of a product.
struct PackedTaps {
  std::vector<float> numbers;    // [tap, strip of out, in, out of the strip]
  std::vector<float> at_points;  // instead of them, where that pays: see minimal.hpp
  std::int64_t taps = 0, in = 0, out = 0;
  const float* tap(std::int64_t index) const { return numbers.data() + index * in * out; }
};

std::shared_ptr<const PackedTaps> packed_taps(const Weight& weight);

// A tap and where it looks, in rows of x.
struct Tap {
  std::int64_t offset;
  const float* weight;
};

struct TapSum {
  const float* x;
  std::int64_t in_rows, in, in_step;
  float* out;  // row q = 0
  std::int64_t channels, out_step;
  std::span<const Tap> taps;
  const float* bias;  // or null
  Finish finish;      // without the bias
};

// Rows [first, last) of q.
void sum_taps(const TapSum& sum, std::int64_t first, std::int64_t last);

// How many rows one call does: few enough to stay in the second-level cache while all taps are added to them,
// many enough for a product to run at full rate, and short inputs are still shared among threads. It does not
// depend on the number of threads, so neither do the results.
std::int64_t tile_of(std::int64_t rows);

}  // namespace nightingale::cpu

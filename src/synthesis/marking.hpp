// The watermark on samples that come bit by bit: up to a minute is marked whole, as upstream does; of more,
// blocks of a minute with half a second of context on both sides. Without a watermark samples go straight
// through.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "synthesis/watermark.hpp"

namespace nightingale {

class Marking {
 public:
  // `watermark` may be null; both must outlive it. Samples are at 24 kHz, and within ±1 when they come out.
  Marking(const Watermark* watermark, std::function<void(std::span<const float>)> sink);

  void push(std::span<const float> samples);
  void finish();
  std::int64_t samples() const { return delivered_; }
  double seconds() const { return seconds_; }  // that marking took

 private:
  void mark(std::size_t count, std::size_t behind);
  void deliver(std::span<const float> samples);

  const Watermark* watermark_;
  std::function<void(std::span<const float>)> sink_;
  std::vector<float> held_;  // `before_` samples of context, then those that have not come out
  std::size_t before_ = 0;
  std::int64_t delivered_ = 0;
  double seconds_ = 0;
};

}  // namespace nightingale

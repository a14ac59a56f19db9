// The watermark on samples that come bit by bit, in blocks that see what lies around them: up to a minute is
// marked whole, as upstream does; a stream whose samples are heard at once takes what there is. Without a
// watermark samples go straight through.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nightingale/request.hpp"
#include "synthesis/watermark.hpp"

namespace nightingale {

class Marking {
 public:
  enum class Pace {
    whole_minutes,
    early,  // samples come out a fifth of a second after they went in
  };

  // `watermark` may be null; both must outlive it. Samples are at 24 kHz, and within ±1 when they come out.
  Marking(const Watermark* watermark, SampleSink sink, Pace pace = Pace::whole_minutes);

  void push(std::span<const float> samples);
  void finish();
  std::int64_t samples() const { return delivered_; }
  double seconds() const { return seconds_; }  // that marking took

 private:
  void mark(std::size_t count, std::size_t behind);
  void deliver(std::span<const float> samples);

  const Watermark* watermark_;
  SampleSink sink_;
  std::size_t least_, behind_;  // a block is no shorter, and sees so much that follows
  std::vector<float> held_;     // `before_` samples of context, then those that have not come out
  std::size_t before_ = 0;
  std::int64_t delivered_ = 0;
  double seconds_ = 0;
};

}  // namespace nightingale

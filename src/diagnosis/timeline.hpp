// When each stage and operation ran, for any viewer of traces (chrome://tracing, Perfetto): the Trace Event
// Format, one complete event a line.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "ops/trace.hpp"

namespace nightingale {

class Timeline : public Trace {
 public:
  void enter(std::string_view what, std::string_view of) override;
  void leave(std::string_view what) override;

  // All that has been left by now.
  std::string json() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Event {
    std::string what, of;
    std::thread::id thread;
    Clock::time_point begin, end = {};
  };

  const Clock::time_point start_ = Clock::now();
  mutable std::mutex mutex_;
  std::vector<Event> open_;  // innermost last, of each thread
  std::vector<Event> done_;
};

}  // namespace nightingale

// Work shared among the threads of a team.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>

#include "kernels/cpu/team.hpp"

namespace nightingale::cpu {

// No exception may leave a member of a team: the first one waits here until all have ended.
class Caught {
 public:
  template <typename Work>
  void during(const Work& work) {
    try {
      work();
    } catch (...) {
      if (!taken_.exchange(true)) exception_ = std::current_exception();
    }
  }
  void rethrow() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::atomic<bool> taken_ = false;
  std::exception_ptr exception_;
};

// Below this many elementary steps (an addition, a load) starting the threads costs more than they save.
constexpr std::int64_t worth_sharing = 1 << 14;

// Calls work(first, last) for consecutive pieces of [0, count), one piece a thread. `step_cost` is what one
// element costs, in elementary steps.
template <typename Work>
void share(int threads, std::int64_t count, std::int64_t step_cost, const Work& work) {
  const std::int64_t sharers = std::min<std::int64_t>({threads, count, count * step_cost / worth_sharing});
  if (sharers <= 1) {
    if (count > 0) work(std::int64_t{0}, count);
    return;
  }
  Caught caught;
  together(static_cast<int>(sharers), [&](int piece) {
    caught.during([&] { work(count * piece / sharers, count * (piece + 1) / sharers); });
  });
  caught.rethrow();
}

// Calls work(task, thread) for every task, large ones that whoever is free takes in turn; thread < threads.
template <typename Work>
void take_turns(int threads, std::int64_t tasks, const Work& work) {
  std::atomic<std::int64_t> next = 0;
  Caught caught;
  together(static_cast<int>(std::min<std::int64_t>(threads, tasks)), [&](int thread) {
    for (std::int64_t task; (task = next++) < tasks;) caught.during([&] { work(task, thread); });
  });
  caught.rethrow();
}

}  // namespace nightingale::cpu

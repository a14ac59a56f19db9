// Work shared among the threads of the one OpenMP pool of the process, never nested.
#pragma once

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>

namespace nightingale::cpu {

// No exception may leave a region: the first one waits here until the region has ended.
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
#pragma omp parallel for num_threads(static_cast <int>(sharers)) schedule(static)
  for (std::int64_t piece = 0; piece < sharers; ++piece) {
    caught.during([&] { work(count * piece / sharers, count * (piece + 1) / sharers); });
  }
  caught.rethrow();
}

// Calls work(task, thread) for every task, large ones that whoever is free takes in turn; thread < threads.
template <typename Work>
void take_turns(int threads, std::int64_t tasks, const Work& work) {
  const auto sharers = static_cast<int>(std::min<std::int64_t>(threads, tasks));
  Caught caught;
#pragma omp parallel for num_threads(std::max(sharers, 1)) schedule(dynamic)
  for (std::int64_t task = 0; task < tasks; ++task) {
    caught.during([&] { work(task, omp_get_thread_num()); });
  }
  caught.rethrow();
}

}  // namespace nightingale::cpu

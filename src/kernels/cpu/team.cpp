// See team.hpp.
#include "kernels/cpu/team.hpp"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace nightingale::cpu {

namespace {

using Clock = std::chrono::steady_clock;

// Words that two threads write do not share a line of the cache.
constexpr std::size_t line = 64;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// How long to look before sleeping. On a machine with nothing else to do what is waited for comes soon, and a
// sleeper is waked slowly (some 50 µs on a virtual machine).
class Patience {
 public:
  // Until `word` is no longer `seen`: what it is then.
  std::uint32_t wait(const std::atomic<std::uint32_t>& word, std::uint32_t seen) {
    std::uint32_t found = word.load(std::memory_order_acquire);
    if (found != seen) return found;
    for (const auto end = Clock::now() + span_; found == seen && Clock::now() < end;) {
      for (int look = 0; look < looks && found == seen; ++look) {
        pause();
        found = word.load(std::memory_order_acquire);
      }
    }
    if (found != seen) {
      span_ = std::min(span_ + span_ / 8, longest);
      return found;
    }
    span_ = std::max(span_ / 2, shortest);
    word.wait(seen, std::memory_order_acquire);
    return word.load(std::memory_order_acquire);
  }

 private:
  static constexpr int looks = 16;  // between two looks at the clock
  static constexpr Clock::duration shortest = std::chrono::microseconds(2);
  static constexpr Clock::duration longest = std::chrono::microseconds(300);
  Clock::duration span_ = longest;
};

thread_local bool is_working = false;  // as a member of a team

class Team {
 public:
  Team() = default;
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team() {
    work_ = nullptr;
    for (const auto& helper : helpers_) wake(*helper);
    for (const auto& helper : helpers_) helper->thread.join();
  }

  void run(int members, void (*work)(const void*, int), const void* context) {
    const auto helping = static_cast<std::size_t>(members - 1);
    while (helpers_.size() < helping) hire();
    work_ = work;
    context_ = context;
    working_.store(static_cast<std::uint32_t>(helping), std::memory_order_relaxed);
    for (std::size_t i = 0; i < helping; ++i) wake(*helpers_[i]);
    is_working = true;
    work(context, 0);
    is_working = false;
    for (std::uint32_t left = working_.load(std::memory_order_acquire); left > 0;) {
      left = patience_.wait(working_, left);
    }
  }

 private:
  struct alignas(line) Helper {
    std::atomic<std::uint32_t> called = 0;  // how often
    std::thread thread;
  };

  void hire() {
    const int member = static_cast<int>(helpers_.size()) + 1;
    auto helper = std::make_unique<Helper>();
    helper->thread = std::thread([this, member, &own = *helper] { help(own, member); });
    helpers_.push_back(std::move(helper));
  }

  static void wake(Helper& helper) {
    helper.called.fetch_add(1, std::memory_order_release);
    helper.called.notify_one();
  }

  void help(const Helper& own, int member) {
    is_working = true;
    Patience patience;
    for (std::uint32_t seen = 0;;) {
      seen = patience.wait(own.called, seen);
      if (work_ == nullptr) return;
      work_(context_, member);
      if (working_.fetch_sub(1, std::memory_order_acq_rel) == 1) working_.notify_one();
    }
  }

  std::vector<std::unique_ptr<Helper>> helpers_;
  void (*work_)(const void*, int) = nullptr;  // null once they are to go
  const void* context_ = nullptr;
  Patience patience_;
  alignas(line) std::atomic<std::uint32_t> working_ = 0;  // helpers that have not ended
};

}  // namespace

void together(int members, void (*work)(const void*, int), const void* context) {
  if (members <= 1 || is_working) {
    for (int member = 0; member < members; ++member) work(context, member);
    return;
  }
  thread_local Team team;
  team.run(members, work, context);
}

int processors() {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));  // more than a set has room for
}

}  // namespace nightingale::cpu

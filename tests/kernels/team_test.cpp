// Teams of threads: every piece of work is done once, whoever calls and however often, and errors come
// through.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

#include "kernels/cpu/parallel.hpp"

using namespace nightingale;

namespace {

constexpr std::int64_t dear = 1 << 20;  // steps of one element, so that it is always shared

// How often each of `count` elements was worked on.
std::vector<int> shared(int threads, std::int64_t count) {
  std::vector<int> times(static_cast<std::size_t>(count));
  cpu::share(threads, count, dear, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) ++times[static_cast<std::size_t>(i)];
  });
  return times;
}

bool once_each(const std::vector<int>& times) {
  return std::accumulate(times.begin(), times.end(), 0) == static_cast<int>(times.size()) &&
         std::ranges::all_of(times, [](int often) { return often == 1; });
}

}  // namespace

TEST_CASE("a_team_does_each_piece_once_whatever_its_size") {
  for (int round = 0; round < 2000; ++round) CHECK(once_each(shared(1 + round % 5, 1 + round % 7)));
}

TEST_CASE("members_that_sleep_are_waked") {
  for (int round = 0; round < 5; ++round) {
    CHECK(once_each(shared(3, 100)));
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
}

TEST_CASE("the_caller_waits_for_a_slow_member") {
  std::atomic<int> ended = 0;
  cpu::together(3, [&](int member) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5 * member));
    ++ended;
  });
  CHECK(ended == 3);
}

TEST_CASE("work_within_work_is_done_by_the_member_alone") {
  std::atomic<int> outer = 0, inner = 0;
  cpu::together(3, [&](int) {
    ++outer;
    const auto self = std::this_thread::get_id();
    cpu::together(4, [&](int) { inner += std::this_thread::get_id() == self ? 1 : 100; });
  });
  CHECK(outer == 3);
  CHECK(inner == 12);
}

TEST_CASE("turns_are_taken_once_each_by_threads_below_the_limit") {
  std::vector<int> times(50);
  std::atomic<int> highest = 0;
  cpu::take_turns(4, 50, [&](std::int64_t task, int thread) {
    ++times[static_cast<std::size_t>(task)];
    if (thread >= 4) highest = thread;
  });
  CHECK(once_each(times));
  CHECK(highest == 0);
  cpu::take_turns(4, 0, [&](std::int64_t, int) { highest = 1; });
  CHECK(highest == 0);
}

TEST_CASE("an_error_of_one_member_reaches_the_caller_and_the_team_goes_on") {
  for (const std::int64_t faulty : {0, 2}) {
    CHECK_THROWS_AS(cpu::share(3, 3, dear,
                               [&](std::int64_t first, std::int64_t) {
                                 if (first == faulty) throw std::runtime_error("at fault");
                               }),
                    std::runtime_error);
    CHECK(once_each(shared(3, 10)));
  }
}

TEST_CASE("every_calling_thread_has_a_team_of_its_own") {
  std::atomic<int> wrong = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 200; ++round) wrong += once_each(shared(3, 20)) ? 0 : 1;
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong == 0);
}

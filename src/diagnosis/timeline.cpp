#include "diagnosis/timeline.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace nightingale {

void Timeline::enter(std::string_view what, std::string_view of) {
  const std::scoped_lock lock(mutex_);
  open_.push_back({std::string(what), std::string(of), std::this_thread::get_id(), Clock::now()});
}

void Timeline::leave(std::string_view what) {
  const Clock::time_point now = Clock::now();
  const std::scoped_lock lock(mutex_);
  const auto ours = [&](const Event& event) {
    return event.thread == std::this_thread::get_id() && event.what == what;
  };
  const auto found = std::find_if(open_.rbegin(), open_.rend(), ours);
  if (found == open_.rend()) return;
  found->end = now;
  done_.push_back(std::move(*found));
  open_.erase(std::next(found).base());
}

std::string Timeline::json() const {
  const std::scoped_lock lock(mutex_);
  std::map<std::thread::id, std::size_t> numbers;
  const auto microseconds = [](Clock::duration time) {
    return std::chrono::duration<double, std::micro>(time).count();
  };
  std::string out = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[";
  for (const Event& event : done_) {
    const std::size_t thread = numbers.emplace(event.thread, numbers.size()).first->second;
    nlohmann::ordered_json line{{"name", event.what},
                                {"ph", "X"},
                                {"ts", microseconds(event.begin - start_)},
                                {"dur", microseconds(event.end - event.begin)},
                                {"pid", 0},
                                {"tid", thread}};
    if (!event.of.empty()) line["args"] = {{"weight", event.of}};
    out += (&event == &done_.front() ? "\n" : ",\n") + line.dump();
  }
  return out + "\n]}\n";
}

}  // namespace nightingale

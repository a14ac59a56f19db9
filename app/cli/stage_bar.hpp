// One line on a terminal that is drawn over and over while stages pass whose amount of work is known.
//
//   listening  ██████████▌·········
#pragma once

#include <chrono>

#include "nightingale/request.hpp"

namespace nightingale::cli {

class StageBar {
 public:
  // Nothing is drawn unless `shown`.
  explicit StageBar(bool shown)
      : shown_(shown) {}
  ~StageBar() { clear(); }
  StageBar(const StageBar&) = delete;
  StageBar& operator=(const StageBar&) = delete;

  void update(const Progress& progress);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  bool shown_, drawn_ = false;
  std::string_view stage_;
  Clock::time_point last_;
};

}  // namespace nightingale::cli

// One line on a terminal that is drawn over and over while a text is spoken.
//
//   piece 2 of 3  mel      ██████████▌·········  12.4 s spoken  2.1× real time  5 s left
#pragma once

#include <chrono>
#include <string>

#include "nightingale/request.hpp"

namespace nightingale::cli {

class ProgressBar {
 public:
  // Nothing is drawn unless `shown`.
  explicit ProgressBar(bool shown)
      : shown_(shown) {}
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void update(const Progress& progress);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  double share_done(const Progress& progress) const;

  bool shown_;
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_;
};

// The bar of a share from 0 to 1, in eighths of a place.
std::string bar_of(double share, int places);

}  // namespace nightingale::cli

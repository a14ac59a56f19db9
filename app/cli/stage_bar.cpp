#include "cli/stage_bar.hpp"

#include <fmt/core.h>

#include <cstdio>

#include "cli/progress_bar.hpp"

namespace nightingale::cli {

namespace {

constexpr std::chrono::milliseconds between_drawings{80};
constexpr int bar_places = 20;

}  // namespace

void StageBar::update(const Progress& progress) {
  const Clock::time_point now = Clock::now();
  const bool same = drawn_ && progress.stage == stage_;
  if (!shown_ || (same && now - last_ < between_drawings)) return;
  last_ = now;
  stage_ = progress.stage;
  const double share =
      progress.of > 0 ? static_cast<double>(progress.done) / static_cast<double>(progress.of) : 0;
  const std::string piece =
      progress.chunks > 1 ? fmt::format("piece {} of {}  ", progress.chunk + 1, progress.chunks) : "";
  fmt::print(stderr, "\r\033[K{}{:9}  {}", piece, progress.stage, bar_of(share, bar_places));
  std::fflush(stderr);
  drawn_ = true;
}

void StageBar::clear() {
  if (!drawn_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace nightingale::cli

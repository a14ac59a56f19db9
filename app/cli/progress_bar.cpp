#include "cli/progress_bar.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace nightingale::cli {

namespace {

constexpr std::chrono::milliseconds between_drawings{80};
constexpr int bar_places = 20;

// What each stage takes of the time of a piece, roughly, at full size on two cores; and how long a piece
// speaks, for as long as nobody knows.
constexpr double tokens_share = 0.35, mel_share = 0.55;
constexpr double usual_piece_tokens = 250;

double share_of_piece(const Progress& progress) {
  const auto done = static_cast<double>(progress.done);
  const double known = progress.of > 0 ? done / static_cast<double>(progress.of) : 0;
  if (progress.stage == "tokens") {
    // Comes ever closer to the end without getting there, since nobody knows where it is.
    return tokens_share * (progress.of > 0 ? known : 1 - std::exp(-1.5 * done / usual_piece_tokens));
  }
  if (progress.stage == "mel") return tokens_share + mel_share * known;
  return tokens_share + mel_share + (1 - tokens_share - mel_share) * known;
}

}  // namespace

std::string bar_of(double share, int places) {
  static constexpr std::array<const char*, 8> eighths{"·", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int filled = static_cast<int>(std::clamp(share, 0.0, 1.0) * places * 8);
  std::string bar;
  for (int place = 0; place < places; ++place) {
    const int eighth = std::clamp(filled - place * 8, 0, 8);
    bar += eighth == 8 ? "█" : eighths[static_cast<std::size_t>(eighth)];
  }
  return bar;
}

double ProgressBar::share_done(const Progress& progress) const {
  return (progress.chunk + share_of_piece(progress)) / std::max(progress.chunks, 1);
}

void ProgressBar::update(const Progress& progress) {
  const Clock::time_point now = Clock::now();
  if (!shown_ || (drawn_ && now - last_ < between_drawings)) return;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double share = share_done(progress);
  const std::string piece =
      progress.chunks > 1 ? fmt::format("piece {} of {}  ", progress.chunk + 1, progress.chunks) : "";
  const std::string left =
      share > 0.02 ? fmt::format("  {:.0f} s left", std::ceil(seconds * (1 - share) / share)) : "";
  const double speed = seconds > 0 ? progress.seconds_spoken / seconds : 0;
  fmt::print(stderr, "\r\033[K{}{:7}  {}  {:.1f} s spoken  {:.1f}× real time{}", piece, progress.stage,
             bar_of(share, bar_places), progress.seconds_spoken, speed, left);
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressBar::clear() {
  if (!drawn_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace nightingale::cli

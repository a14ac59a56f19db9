#include "synthesis/mel_stream.hpp"

#include <algorithm>

#include "models/flow/facts.hpp"
#include "models/lengths.hpp"

namespace nightingale {

namespace {

using flow::frames_per_token;
constexpr std::int64_t fade_frames = 50;  // 1 s, in the middle of what two windows share

std::int64_t bands() {
  return lengths::mel.size.number();
}

}  // namespace

MelStream::MelStream(const Renderer& render, Random& random)
    : render_(render),
      random_(random) {}

std::vector<float> MelStream::push(std::span<const std::int32_t> window, std::int64_t first,
                                   std::int64_t held) {
  std::vector<float> mel = mel_of(window, first);
  // A voice whose mel has a row more than two a token takes the first frame of every window.
  const auto taken = static_cast<std::int64_t>(window.size()) * frames_per_token -
                     static_cast<std::int64_t>(mel.size()) / bands();
  const std::int64_t seen = (settled_ - first) * frames_per_token;  // frames that came out before
  if (first > 0 && seen == 0) {
    mel.insert(mel.begin(), tail_.begin(), tail_.begin() + taken * bands());
  } else if (seen > 0) {
    mel.erase(mel.begin(), mel.begin() + (seen - taken) * bands());
  }
  fade_over(tail_, mel);
  const auto cut = mel.end() - held * frames_per_token * bands();
  tail_.assign(cut, mel.end());
  mel.erase(cut, mel.end());
  settled_ = first + static_cast<std::int64_t>(window.size()) - held;
  return mel;
}

// The whole window's, from noise that goes on where the window before had none.
std::vector<float> MelStream::mel_of(std::span<const std::int32_t> window, std::int64_t first) {
  const auto count = static_cast<std::int64_t>(window.size());
  const std::int64_t frames = render_.frames_of(count), speech = frames_per_token * count;
  if (prompt_noise_.empty()) {
    prompt_noise_.resize(static_cast<std::size_t>((frames - speech) * bands()));
    random_.normal(prompt_noise_);
  }
  noise_.erase(noise_.begin(), noise_.begin() + (first - first_) * frames_per_token * bands());
  first_ = first;
  std::vector<float> fresh(static_cast<std::size_t>(speech * bands()) - noise_.size());
  random_.normal(fresh);
  noise_.insert(noise_.end(), fresh.begin(), fresh.end());

  std::vector<float> noise(prompt_noise_);
  noise.insert(noise.end(), noise_.begin(), noise_.end());
  Ops& op = render_.op;
  const Tensor start = op.write({{"batch", 1}, {"frame", frames}, lengths::mel}, noise).from("noise");
  std::vector<float> mel = op.read(render_.mel(window, start));
  op.pool()->trim();
  return mel;
}

void fade_over(std::span<const float> before, std::span<float> mel) {
  const std::int64_t shared = static_cast<std::int64_t>(before.size()) / bands();
  const std::int64_t fade = std::min(fade_frames, shared), start = (shared - fade) / 2;
  for (std::int64_t frame = 0; frame < shared; ++frame) {
    const double share =
        std::clamp(static_cast<double>(frame - start + 1) / static_cast<double>(fade + 1), 0.0, 1.0);
    for (std::int64_t band = 0; band < bands(); ++band) {
      const auto place = static_cast<std::size_t>(frame * bands() + band);
      mel[place] = static_cast<float>((1 - share) * before[place] + share * mel[place]);
    }
  }
}

}  // namespace nightingale

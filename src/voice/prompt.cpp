#include <algorithm>
#include <cmath>

#include "models/flow/facts.hpp"
#include "models/lengths.hpp"
#include "voice/voice.hpp"

namespace nightingale {

namespace {

// Tokens of the prompt before its last seconds.
std::int64_t tokens_before(const VoiceArrays& voice, double seconds) {
  const std::int64_t kept = std::llround(seconds * lengths::tokens_per_second);
  return std::max<std::int64_t>(0, static_cast<std::int64_t>(voice.prompt.size()) - kept);
}

}  // namespace

std::int64_t unseen_tokens_of(const VoiceArrays& voice, std::optional<double> seen_seconds) {
  return seen_seconds ? tokens_before(voice, *seen_seconds) : 0;
}

VoiceArrays with_prompt(VoiceArrays voice, std::optional<double> seconds) {
  if (!seconds) return voice;
  constexpr double a_token = 1 / lengths::tokens_per_second;
  const std::int64_t dropped = tokens_before(voice, std::max(*seconds, a_token));
  if (dropped == 0) return voice;
  const std::int64_t frames = dropped * flow::frames_per_token;
  voice.prompt.erase(voice.prompt.begin(), voice.prompt.begin() + dropped);
  voice.prompt_mel.erase(voice.prompt_mel.begin(),
                         voice.prompt_mel.begin() + frames * lengths::mel.size.number());
  voice.prompt_frames -= frames;
  return voice;
}

}  // namespace nightingale

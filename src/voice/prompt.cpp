#include <algorithm>
#include <cmath>

#include "models/flow/facts.hpp"
#include "models/lengths.hpp"
#include "voice/voice.hpp"

namespace nightingale {

VoiceArrays with_prompt(VoiceArrays voice, std::optional<double> seconds) {
  const auto tokens = static_cast<std::int64_t>(voice.prompt.size());
  const auto kept =
      seconds ? std::max<std::int64_t>(1, std::llround(*seconds * lengths::tokens_per_second)) : tokens;
  if (kept >= tokens) return voice;
  const std::int64_t dropped = tokens - kept, frames = dropped * flow::frames_per_token;
  voice.prompt.erase(voice.prompt.begin(), voice.prompt.begin() + dropped);
  voice.prompt_mel.erase(voice.prompt_mel.begin(),
                         voice.prompt_mel.begin() + frames * lengths::mel.size.number());
  voice.prompt_frames -= frames;
  return voice;
}

}  // namespace nightingale

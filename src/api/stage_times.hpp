// What speaking and converting tell alike of the audio they made.
#pragma once

#include <cstdint>

#include "models/hift/facts.hpp"
#include "nightingale/nightingale.hpp"

namespace nightingale {

// A sink that keeps all samples.
inline SampleSink into(std::vector<float>& samples) {
  return [&samples](std::span<const float> more) { samples.insert(samples.end(), more.begin(), more.end()); };
}

// `Made` is Spoken or Converted; tokens and samples are counted by the caller.
template <typename Made>
void tell_stages(const Made& made, std::int64_t tokens, std::int64_t samples, Audio& audio) {
  audio.times = {{"tokens", made.token_seconds, tokens},
                 {"mel", made.mel_seconds, samples / hift::samples_per_frame},
                 {"samples", made.sample_seconds, samples}};
  if (made.watermarked) audio.times.push_back({"watermark", made.watermark_seconds, samples});
  audio.watermarked = made.watermarked;
  audio.whole = made.whole;
}

}  // namespace nightingale

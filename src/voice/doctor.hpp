// The doctor looks at a recording before it becomes a voice: says what is wrong with it, and what to do.
//
// All is judged from what was remembered of one hearing (hearing.hpp), on the stretch that will be baked.
// What cannot be told for certain is said with a "may". The limits and the reason of each: doctor.cpp.
#pragma once

#include <string>
#include <vector>

#include "nightingale/voice.hpp"
#include "voice/stretch.hpp"

namespace nightingale {

// Power of the loudest channel and of the mean of all, over a whole recording.
struct ChannelPowers {
  int channels = 1;
  double loudest = 0, mean = 0;
};

// Throws Failure (audio_invalid), one sentence each: no samples, samples that are no numbers, too short to
// bake, silence, hardly a sample that was not cut off.
void refuse_unusable(const std::string& path, const Hearing& heard, const std::vector<double>& frames,
                     const ChannelPowers& channels);

// What may make the voice worse, the worst first.
std::vector<Finding> diagnose(const Hearing& heard, const std::vector<double>& frames, Stretch stretch,
                              const ChannelPowers& channels);

// The warnings among the findings as one error (audio_invalid). Throws when there is one.
void refuse_warnings(const std::string& path, const std::vector<Finding>& findings);

// "12.3 s", "4:05", "3:12:05".
std::string clock_text(double seconds);

}  // namespace nightingale

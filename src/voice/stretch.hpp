// Where in a recording somebody speaks, and which ten seconds of it are the best.
#pragma once

#include <cstddef>
#include <vector>

#include "voice/hearing.hpp"

namespace nightingale {

// Upstream's tts.py listens to the first 10 s (DEC_COND_LEN); what is longer must be chosen from.
inline constexpr double longest_stretch_seconds = 10;
// Quieter than this no room is: 16 bits end at -96 dB.
inline constexpr double digital_silence = -90;  // dB of full scale

// Frames from `first` up to `last`.
struct Stretch {
  std::size_t first = 0, last = 0;
  double from() const { return static_cast<double>(first) / frames_a_second; }
  double to() const { return static_cast<double>(last) / frames_a_second; }
  double seconds() const { return to() - from(); }
};

// Levels in dB of full scale.
struct Levels {
  double loud = 0;       // exceeded by one frame in twenty
  double threshold = 0;  // above it somebody speaks
  double speech = 0;     // of the frames above it
  double noise = 0;      // exceeded by nine frames in ten
  double share = 0;      // of the frames above it
  double dips = 0;       // of frames well below the loud ones: speech is full of them
};

double decibels(double power);

// Each frame's level without the constant part of the recording.
std::vector<double> frame_levels(const Hearing& heard);

std::vector<Pitch> pitches_of(const Hearing& heard, Stretch stretch);

Levels levels_of(const std::vector<double>& frames, Stretch stretch);

struct Choice {
  Stretch stretch;
  double trimmed = 0;   // seconds of silence taken off the ends
  bool picked = false;  // of a longer recording
};

// All of a recording of at most 10 s, without the silence at its ends where that is long. Of a longer one the
// stretch of about 10 s with the highest share of speech, the best level and distance to the noise, the
// fewest cut-off tops, beginning and ending in pauses.
Choice choose_stretch(const Hearing& heard, const std::vector<double>& frames);

}  // namespace nightingale

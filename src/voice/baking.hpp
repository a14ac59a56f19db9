// From a recording's file to a voice: everything around the networks, which are handed in.
//
// The recording is heard once (hearing.hpp), judged (doctor.hpp), the stretch to bake chosen (stretch.hpp),
// and only that stretch decoded again, at 24 kHz. A recording of at most 10 s reaches the networks sample for
// sample as upstream's librosa.load hands it on, unless silence is taken off its ends.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "voice/voice.hpp"

namespace nightingale {

// The six arrays of a clip at 24 kHz.
using ArraysOf = std::function<VoiceArrays(std::span<const float> samples_24k)>;

struct BakedVoice {
  KeptVoice voice;
  std::vector<Finding> findings;
  std::string did;
};

// Throws Failure (audio_invalid, cancelled).
BakedVoice bake_recording(const std::string& recording, const BakeOptions& options,
                          const std::string& variant, const ArraysOf& arrays_of);

// A recording as it is, at most its first ten minutes, at 24 kHz. Throws Failure (audio_invalid) for one that
// would not be baked.
std::vector<float> usable_clip(const std::string& recording);

// SHA-256 of a recording's file. Throws Failure (audio_invalid).
std::string recording_sha256(const std::string& path);

// Throws `cancelled` when the options' listener does not want to go on.
void report_progress(const BakeOptions& options, std::string_view stage, std::int64_t done, std::int64_t of);

}  // namespace nightingale

// A voice: what Chatterbox needs to know of a speaker, six arrays.
//
// Read from a baked folder (.npy files, C or Fortran order), from upstream's conds.pt, or from one
// safetensors file that holds the same six arrays. Tokens are checked to be sound, sizes to fit, numbers to
// be finite.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nightingale {

struct VoiceArrays {
  std::string origin;                          // the folder or file it was read from
  std::vector<float> speaker;                  // [256]: T3's speaker embedding (upstream VoiceEncoder)
  std::vector<std::int32_t> condition_prompt;  // [≤ 150]: speech tokens of the first 6 s, T3's prompt
  float emotion = 0.5F;                        // exaggeration; 0.5 is neutral
  std::vector<float> flow_speaker;             // [192]: the x-vector for the flow (upstream CAMPPlus)
  std::vector<std::int32_t> prompt;            // [prompt]: speech tokens of the first 10 s, the flow's prompt
  std::vector<float> prompt_mel;               // [prompt_frame, 80]: their 24 kHz mel
  std::int64_t prompt_frames = 0;              // 2·prompt, or one more
};

// Throws Failure (voice_invalid, file_invalid) naming every array that is missing or does not fit, in one
// report.
VoiceArrays read_voice(const std::string& path);

}  // namespace nightingale

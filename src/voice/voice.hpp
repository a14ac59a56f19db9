// A voice: what Chatterbox needs to know of a speaker, six arrays; and a voice as it is kept, with what is
// known of it.
//
// Read from a baked folder (.npy files, C or Fortran order; facts from metadata.json), from upstream's
// conds.pt, or from one safetensors file that holds the same six arrays (facts from its metadata). Tokens are
// checked to be sound, sizes to fit, numbers to be finite. Facts are notes: what is odd in them is left out,
// never refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nightingale/voice.hpp"

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

struct KeptVoice {
  VoiceArrays arrays;
  VoiceFacts facts;
  std::vector<std::int16_t> preview;  // mono at 24 kHz; empty without one
};

// What may sound worse than it could when a voice is spoken with by a T3 of this variant and longest prompt.
std::vector<Finding> doubts_about(const KeptVoice& voice, const std::string& variant,
                                  std::int64_t longest_prompt);

// The same voice with at most so many seconds of the flow's prompt: the last, which the speech goes on from.
VoiceArrays with_prompt(VoiceArrays voice, std::optional<double> seconds);

// How many tokens of its prompt the flow's unconditioned branch does not see when it sees so many seconds.
std::int64_t unseen_tokens_of(const VoiceArrays& voice, std::optional<double> seen_seconds);

// Throws Failure (voice_invalid, file_invalid) naming every array that is missing or does not fit, in one
// report.
VoiceArrays read_voice(const std::string& path);
KeptVoice read_kept_voice(const std::string& path);

}  // namespace nightingale

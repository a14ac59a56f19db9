// From a recording's samples to the six arrays of a voice: upstream's prepare_conditionals.
//
//   all of it, 16 kHz (soxr)      → trimmed → mel 40  → voice encoder    → speaker [256]
//   its first 6 s, 16 kHz (soxr)  → mel 128 → speech tokenizer           → condition_prompt [≤ 150]
//   its first 10 s, 24 kHz        → mel 80                               → prompt_mel [prompt_frame, 80]
//   its first 10 s, 16 kHz (sinc) → mel 128 → speech tokenizer           → prompt [≤ 250]
//                                 → filter bank → CAM++                  → flow_speaker [192]
//
// Two resamplers make two different signals of 16 kHz, as upstream's do. Source: upstream tts.py
// prepare_conditionals, s3gen.py embed_ref.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "voice/baking_networks.hpp"
#include "voice/rates.hpp"
#include "voice/voice.hpp"

namespace nightingale {

// Called before the networks listen and after each of the parts, done of `of`; what it throws ends baking.
using BakeProgress = std::function<void(std::string_view stage, std::int64_t done, std::int64_t of)>;

// The parts in order, for measurements: the first ends with 0 done.
inline constexpr std::array<const char*, 6> bake_parts{"resample", "voice_encoder", "x_vector",
                                                       "tokens",   "tokens",        "mel"};

// The recording at both of its rates.
struct Clip {
  std::span<const float> samples_24k, samples_16k;
};

struct SpeechTokens {
  std::vector<std::int32_t> tokens;
  std::vector<float> margins;  // how far each is from another one: speech_tokenizer::margins_of
};
// A voice, and how sure its tokens are.
struct BakedSteps {
  VoiceArrays arrays;
  SpeechTokens condition_prompt, prompt;
};

// Throws Failure (audio_invalid) for a clip too short for the networks, 0.1 s; cancelled by `progress`.
BakedSteps bake_steps(Ops& op, const BakingNetworks& networks, const Clip& clip,
                      const BakeProgress& progress = {});
VoiceArrays bake_arrays(Ops& op, const BakingNetworks& networks, std::span<const float> samples_24k,
                        const BakeProgress& progress = {});

// The parts, each by itself.
std::vector<float> speaker_of(Ops& op, const voice_encoder::VoiceEncoder& network,
                              std::span<const float> samples_16k);
std::vector<float> flow_speaker_of(Ops& op, const campplus::Campplus& network,
                                   std::span<const float> samples_16k);

// `most` tokens of a recording, or all. `progress` hears of each window of a long one.
SpeechTokens speech_tokens_of(Ops& op, const speech_tokenizer::SpeechTokenizer& network,
                              std::span<const float> samples_16k, std::int64_t most = 0,
                              const BakeProgress& progress = {});

// Appends what a window of the mel, [frame, 128], keeps of its tokens.
void append_tokens(Ops& op, const speech_tokenizer::SpeechTokenizer& network, std::span<const float> mel,
                   const speech_tokenizer::Window& window, SpeechTokens& to);

}  // namespace nightingale

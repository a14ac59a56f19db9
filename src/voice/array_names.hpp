// The six arrays of a voice: what each is called in each kind of file, and how large it is.
#pragma once

#include <cstdint>

namespace nightingale {

constexpr std::int64_t speaker_channels = 256;       // t3_config.py speaker_embed_size
constexpr std::int64_t flow_speaker_channels = 192;  // flow.py spk_embed_dim
constexpr std::int64_t mel_bands = 80;               // the 24 kHz mel
constexpr std::int64_t speech_codes = 6561;          // 3^8 speech tokens

struct ArrayName {
  const char* baked;     // file name in a baked folder, without .npy; also the name in a voice file
  const char* upstream;  // name in conds.pt
};
constexpr ArrayName speaker_name{"soul_t3_256", "t3.speaker_emb"};
constexpr ArrayName condition_prompt_name{"t3_cond_tokens", "t3.cond_prompt_speech_tokens"};
constexpr ArrayName emotion_name{"emotion_adv", "t3.emotion_adv"};
constexpr ArrayName flow_speaker_name{"soul_s3_192", "gen.embedding"};
constexpr ArrayName prompt_name{"prompt_token", "gen.prompt_token"};
constexpr ArrayName prompt_mel_name{"prompt_feat", "gen.prompt_feat"};

// Beside them, of ours: the recording's clip at 24 kHz, 16 bits a sample, and the facts of a folder.
constexpr const char* preview_name = "preview";
constexpr const char* facts_file = "metadata.json";
constexpr double longest_preview_seconds = 10;

}  // namespace nightingale

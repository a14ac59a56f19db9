// Which files of a model folder to take: upstream's own names, nothing added, no configuration.
#pragma once

#include <string>
#include <string_view>

namespace nightingale {

enum class ModelLanguage { english, multilingual };

// "english", "multilingual": what a voice file calls the variant it was made for.
std::string_view name_of(ModelLanguage language);

struct ModelFolder {
  std::string path;
  ModelLanguage language = ModelLanguage::english;
  std::string t3;         // t3_cfg.safetensors, t3_mtl23ls_v2.safetensors, …
  std::string s3gen;      // s3gen.safetensors or s3gen.pt: the flow and the vocoder
  std::string tokenizer;  // tokenizer.json, grapheme_mtl_merged_expanded_v1.json
};

// What baking a voice reads of a model folder.
struct BakingFolder {
  std::string path;
  ModelLanguage language = ModelLanguage::english;
  std::string voice_encoder;  // ve.safetensors or ve.pt
  std::string s3gen;          // the speech tokenizer and the flow's speaker encoder
};

enum class WantedLanguage { automatic, english, multilingual };

// `spoken` is the language that will be asked for ("nl", or empty), which decides an automatic choice. Throws
// Failure (model_missing, unsupported) that names the files looked for and what the folder has instead.
ModelFolder find_model(const std::string& path, WantedLanguage wanted, const std::string& spoken);

// The same for baking, which needs neither T3 nor a tokenizer.
BakingFolder find_baking_model(const std::string& path, WantedLanguage wanted, const std::string& spoken);
// The s3gen file of a folder, which is all that conversion needs.
std::string find_conversion_model(const std::string& path);

// The voice encoder's file, which is all that comparing voices needs.
std::string find_voice_encoder(const std::string& path);

}  // namespace nightingale

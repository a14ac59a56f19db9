// Which files of a model folder to take: upstream's own names, nothing added, no configuration.
#pragma once

#include <string>

namespace nightingale {

enum class ModelLanguage { english, multilingual };

struct ModelFolder {
  std::string path;
  ModelLanguage language = ModelLanguage::english;
  std::string t3;         // t3_cfg.safetensors, t3_mtl23ls_v2.safetensors, …
  std::string s3gen;      // s3gen.safetensors or s3gen.pt: the flow and the vocoder
  std::string tokenizer;  // tokenizer.json, grapheme_mtl_merged_expanded_v1.json
};

enum class WantedLanguage { automatic, english, multilingual };

// `spoken` is the language that will be asked for ("nl", or empty), which decides an automatic choice. Throws
// Failure (model_missing, unsupported) that names the files looked for and what the folder has instead.
ModelFolder find_model(const std::string& path, WantedLanguage wanted, const std::string& spoken);

}  // namespace nightingale

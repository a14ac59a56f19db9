#include "synthesis/model_folder.hpp"

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <set>

#include "base/failure.hpp"

namespace nightingale {

namespace {

namespace fs = std::filesystem;
using Names = std::initializer_list<const char*>;

// In the order of preference. v2 is what upstream loads by default; "t3_" and anything else is a fine-tune.
constexpr Names english_t3{"t3_cfg.safetensors"};
constexpr Names multilingual_t3{"t3_mtl23ls_v2.safetensors", "t3_mtl23ls_v3.safetensors"};
constexpr Names later_t3{"t3_turbo_v1.safetensors", "t3_nano_v1.safetensors"};
constexpr Names s3gen_files{"s3gen.safetensors", "s3gen.pt", "s3gen_v3.safetensors", "s3gen_v3.pt"};
constexpr Names voice_encoder_files{"ve.safetensors", "ve.pt"};
constexpr const char* english_tokenizer = "tokenizer.json";
constexpr const char* multilingual_tokenizer = "grapheme_mtl_merged_expanded_v1.json";

std::string first_of(const fs::path& folder, Names names) {
  for (const char* name : names) {
    if (fs::is_regular_file(folder / name)) return (folder / name).string();
  }
  return {};
}

std::string list(Names names) {
  std::string out;
  for (const char* name : names) out += (out.empty() ? "" : " or ") + std::string(name);
  return out;
}

std::string contents(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
  std::string out;
  std::size_t shown = 0;
  constexpr std::size_t most_shown = 8;
  for (const std::string& name : names) {
    if (shown++ == most_shown) return out + ", …";
    out += (out.empty() ? "" : ", ") + name;
  }
  return out.empty() ? "nothing" : out;
}

std::string require(const fs::path& folder, Names names, const std::string& what) {
  std::string found = first_of(folder, names);
  if (found.empty()) {
    fail(ErrorCode::model_missing,
         "the model folder " + folder.string() + " has no " + what + ": looked for " + list(names) +
             ", found " + contents(folder),
         "copy upstream's whole model folder, or name the folder that holds " + std::string(*names.begin()));
  }
  return found;
}

// A fine-tune under a name of its own: the only T3 in the folder.
std::string other_t3(const fs::path& folder) {
  std::string found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool later = std::find(later_t3.begin(), later_t3.end(), name) != later_t3.end();
    if (!name.starts_with("t3_") || !name.ends_with(".safetensors") || later) continue;
    if (!found.empty()) return {};
    found = entry.path().string();
  }
  return found;
}

ModelLanguage choose(const fs::path& folder, WantedLanguage wanted, const std::string& spoken) {
  if (wanted == WantedLanguage::english) return ModelLanguage::english;
  if (wanted == WantedLanguage::multilingual) return ModelLanguage::multilingual;
  const bool has_english = !first_of(folder, english_t3).empty();
  const bool has_multilingual = !first_of(folder, multilingual_t3).empty();
  if (has_english && has_multilingual) {
    return spoken.empty() || spoken == "en" ? ModelLanguage::english : ModelLanguage::multilingual;
  }
  if (has_english || has_multilingual)
    return has_english ? ModelLanguage::english : ModelLanguage::multilingual;
  return fs::is_regular_file(folder / multilingual_tokenizer) ? ModelLanguage::multilingual
                                                              : ModelLanguage::english;
}

void require_folder(const std::string& path, const char* files) {
  if (fs::is_directory(path)) return;
  fail(ErrorCode::model_missing,
       fs::exists(path) ? path + " is a file, not a model folder" : "there is no model folder at " + path,
       std::string("give the folder that holds ") + files);
}

}  // namespace

std::string_view name_of(ModelLanguage language) {
  return language == ModelLanguage::english ? "english" : "multilingual";
}

BakingFolder find_baking_model(const std::string& path, WantedLanguage wanted, const std::string& spoken) {
  const fs::path folder(path);
  require_folder(path, "ve.safetensors and s3gen.safetensors");
  return {.path = path,
          .language = choose(folder, wanted, spoken),
          .voice_encoder = require(folder, voice_encoder_files, "voice encoder"),
          .s3gen = require(folder, s3gen_files, "speech tokenizer")};
}

std::string find_conversion_model(const std::string& path) {
  require_folder(path, "s3gen.safetensors");
  return require(fs::path(path), s3gen_files, "speech tokenizer, flow and vocoder");
}

std::string find_voice_encoder(const std::string& path) {
  require_folder(path, "ve.safetensors");
  return require(path, voice_encoder_files, "voice encoder");
}

ModelFolder find_model(const std::string& path, WantedLanguage wanted, const std::string& spoken) {
  const fs::path folder(path);
  require_folder(path, "t3_cfg.safetensors, s3gen.safetensors and tokenizer.json");
  ModelFolder model{
      .path = path, .language = choose(folder, wanted, spoken), .t3 = {}, .s3gen = {}, .tokenizer = {}};
  const bool english = model.language == ModelLanguage::english;
  model.t3 = first_of(folder, english ? english_t3 : multilingual_t3);
  if (model.t3.empty() && wanted == WantedLanguage::automatic) model.t3 = other_t3(folder);
  if (model.t3.empty() && !first_of(folder, later_t3).empty()) {
    fail(ErrorCode::unsupported, path + " holds a Turbo or Nano model, which this version cannot run yet",
         "use the English or the multilingual model");
  }
  if (model.t3.empty()) model.t3 = require(folder, english ? english_t3 : multilingual_t3, "T3");
  model.s3gen = require(folder, s3gen_files, "flow and vocoder");
  model.tokenizer = require(folder, {english ? english_tokenizer : multilingual_tokenizer}, "tokenizer");
  return model;
}

}  // namespace nightingale

#include "cli/models.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <set>

#include "nightingale/nightingale.hpp"

namespace nightingale::cli {

namespace {

namespace fs = std::filesystem;

constexpr const char* full_model = "huggingface.co/ResembleAI/chatterbox";

// A name has no folder in it, and nothing lies here under it.
bool is_name(const std::string& given) {
  std::error_code error;
  return !given.empty() && given.find('/') == std::string::npos && !fs::exists(given, error);
}

std::uintmax_t bytes_below(const fs::path& folder) {
  std::uintmax_t bytes = 0;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    if (entry.is_regular_file(error)) bytes += entry.file_size(error);
  }
  return bytes;
}

void tell_stand_in(const fs::path& folder) {
  constexpr std::uintmax_t million = 1000000;
  fmt::print(stderr,
             "model: {} (bundled, {} MB, English). For the full voice give --model a folder with upstream's "
             "files: {}\n",
             folder.filename().string(), (bytes_below(folder) + million / 2) / million, full_model);
}

// Model cards and the like are no voices.
bool is_voice(const fs::directory_entry& entry) {
  constexpr std::array endings{".voice", ".safetensors", ".pt"};
  std::error_code error;
  return entry.is_directory(error) || is_recording(entry.path().string()) ||
         std::find(endings.begin(), endings.end(), entry.path().extension()) != endings.end();
}

// The voices in a model's folder, in the order of their names.
std::set<fs::path> voices_of(const std::string& model) {
  std::set<fs::path> voices;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(fs::path(model) / "voices", error)) {
    if (is_voice(entry)) voices.insert(entry.path());
  }
  return voices;
}

Result<std::string> named_voice(const std::string& name, const std::string& model) {
  std::string names;
  for (const fs::path& voice : voices_of(model)) {
    if (voice.stem() == name) return voice.string();
    names += (names.empty() ? "" : ", ") + voice.stem().string();
  }
  if (names.empty()) return name;  // whoever opens it says what is wrong
  return Error{
      ErrorCode::voice_invalid,
      fmt::format("there is no voice {} here, nor among the model's: {}", name, names),
      {},
      "--voice NAME of one of them, or PATH of a voice file, a baked folder, conds.pt or a recording"};
}

}  // namespace

std::string shipped_model(const std::string& name) {
  // A folder that holds a model, not only its card.
  return fs::path(find_shipped("models/" + name + "/s3gen.safetensors")).parent_path().string();
}

Result<std::string> find_model(const std::string& given, bool quiet) {
  if (is_name(given)) {
    if (std::string shipped = shipped_model(given); !shipped.empty()) return shipped;
  }
  if (!given.empty()) return given;
  std::string shipped = shipped_model();
  if (!shipped.empty()) {
    if (!quiet) tell_stand_in(shipped);
    return shipped;
  }
  return Error{ErrorCode::model_missing,
               "no model was given, and the one that ships, models/fledgling, is not there",
               {},
               fmt::format("--model FOLDER with upstream's files ({}): t3_cfg.safetensors, "
                           "s3gen.safetensors, tokenizer.json",
                           full_model)};
}

Result<std::string> find_voice(const std::string& given, const std::string& model) {
  if (is_name(given)) return named_voice(given, model);
  if (!given.empty()) return given;
  std::error_code error;
  if (!fs::is_directory(model, error)) {
    return Error{ErrorCode::model_missing,
                 "there is no model folder at " + model,
                 {},
                 "give the folder that holds t3_cfg.safetensors, s3gen.safetensors and tokenizer.json"};
  }
  for (const char* name : {"conds.pt", "voice"}) {
    const fs::path own = fs::path(model) / name;
    if (fs::exists(own, error)) return own.string();
  }
  return Error{ErrorCode::voice_invalid,
               "no voice was given, and the model folder " + model + " has none of its own",
               {},
               "--voice PATH with a voice file, a baked folder, conds.pt or a recording"};
}

}  // namespace nightingale::cli

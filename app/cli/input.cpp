#include "cli/input.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "nightingale/nightingale.hpp"

namespace nightingale::cli {

namespace {

namespace fs = std::filesystem;

// The model and the voice that ship with the program, once they do.
constexpr const char* shipped_model = "models/fledgling";

std::string read_all(std::istream& stream) {
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

Result<std::string> read_file(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    return Error{ErrorCode::text_invalid, path + " is a folder, not a text", {}, "name a text file"};
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error{ErrorCode::text_invalid,
                 "cannot read the text from " + path + ": " + std::strerror(errno),
                 {},
                 "check the path"};
  }
  return read_all(file);
}

}  // namespace

Result<std::string> read_text(const std::vector<std::string>& words, const std::string& file) {
  if (!file.empty() && file != "-") return read_file(file);
  const bool asked = file == "-" || (words.size() == 1 && words.front() == "-");
  if (asked || (words.empty() && ::isatty(STDIN_FILENO) == 0)) return read_all(std::cin);
  if (words.empty()) {
    return Error{
        ErrorCode::text_invalid, "there is no text to speak", {}, "nightingale speak \"Hello world.\""};
  }
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

Result<std::string> find_model(const std::string& given) {
  if (!given.empty()) return given;
  if (std::string shipped = find_shipped(shipped_model); !shipped.empty()) return shipped;
  return Error{ErrorCode::model_missing,
               "no model was given, and none ships with this version yet",
               {},
               "--model FOLDER with Chatterbox's own files: t3_cfg.safetensors, s3gen.safetensors, "
               "tokenizer.json"};
}

Result<std::string> find_voice(const std::string& given, const std::string& model) {
  if (!given.empty()) return given;
  std::error_code error;
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

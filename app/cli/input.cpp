#include "cli/input.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

namespace nightingale::cli {

namespace {

namespace fs = std::filesystem;

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

}  // namespace nightingale::cli

// What the tests of file readers share: a folder that vanishes, files made of bytes, the error of a call.
#pragma once

#include <unistd.h>

#include <doctest/doctest.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/failure.hpp"

namespace nightingale::test {

// A folder of its own for each test, removed at its end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    static std::atomic<int> count{0};
    path_ = std::filesystem::temp_directory_path() /
            ("nightingale-test-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
    std::filesystem::create_directories(path_);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string operator/(std::string_view name) const { return (path_ / name).string(); }
  std::string path() const { return path_.string(); }

  // Writes a file and returns its path.
  std::string write(std::string_view name, std::string_view content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return *this / name;
  }

 private:
  std::filesystem::path path_;
};

inline std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The error a call throws; the test fails when it throws none.
template <typename Call>
Error error_of(Call&& call) {
  try {
    call();
  } catch (const Failure& failure) {
    return failure.error();
  }
  FAIL("nothing was refused");
  return {};
}

// The sentence a call refuses with, without the folder, which is another in every run.
template <typename Call>
std::string refusal_of(const TemporaryFolder& folder, Call&& call) {
  std::string sentence = error_of(call).sentence;
  const std::string prefix = folder.path() + "/";
  for (std::size_t at = sentence.find(prefix); at != std::string::npos; at = sentence.find(prefix)) {
    sentence.erase(at, prefix.size());
  }
  return sentence;
}

// The bytes of numbers, as a little-endian machine has them.
template <typename Number>
std::string bytes_of(const std::vector<Number>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number)};
}

template <typename Number>
std::string bytes_of(Number number) {
  return bytes_of(std::vector<Number>{number});
}

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace nightingale::test

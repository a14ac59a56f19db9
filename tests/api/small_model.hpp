// The small model of tests/goldens, opened once for all cases of a file.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <iostream>
#include <numbers>
#include <string>

#include "close.hpp"
#include "nightingale/nightingale.hpp"

namespace nightingale::test {

inline std::string golden(const std::string& name) {
  return std::string(NIGHTINGALE_SOURCE) + "/tests/goldens/english/" + name;
}

template <typename Value>
Value opened(Result<Value> result) {
  if (!result.ok()) FAIL(result.error().text());
  return std::move(result).value();
}

// Whether the watermark's network is there, which comes from PyPI; a test that needs it says when it is not.
inline bool has_watermark() {
  static const bool there = !find_shipped("perth.safetensors").empty();
  if (!there) std::cout << "skipped: perth.safetensors is not there (tools/get_watermark.sh)\n";
  return there;
}

// Marks what it speaks when it can.
inline const Engine& small_engine() {
  static const Engine engine =
      opened(Engine::open(golden("model"), {.threads = 1, .watermark = has_watermark()}));
  return engine;
}

inline const Voice& small_voice() {
  static const Voice voice = opened(Voice::open(golden("voice")));
  return voice;
}

// Ten tokens and two steps: a small model with random weights never stops by itself.
inline Request short_request() {
  Request request{.text = "Hello world."};
  request.max_seconds = 0.4;
  request.steps = 2;
  return request;
}

// Two seconds at 24 kHz of noise that swells twice a second. (A steady hum would be taken for marked, by
// upstream too.)
inline std::vector<float> some_sound() {
  std::vector<float> samples = testing::random_numbers(2 * sample_rate, 1, 0.2F);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double turn = 4 * std::numbers::pi * static_cast<double>(i) / sample_rate;
    samples[i] *= static_cast<float>((1 - std::cos(turn)) / 2);
  }
  return samples;
}

// A folder of its own that is removed at the end.
class Scratch {
 public:
  Scratch()
      : path_(std::filesystem::temp_directory_path() / ("nightingale-api-" + std::to_string(unique()))) {
    std::filesystem::create_directories(path_);
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  bool empty() const { return std::filesystem::is_empty(path_); }

 private:
  std::size_t unique() const { return reinterpret_cast<std::size_t>(this); }
  std::filesystem::path path_;
};

}  // namespace nightingale::test

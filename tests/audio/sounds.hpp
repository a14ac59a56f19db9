// The goldens of tests/goldens/audio.json, and the made-up sound that they were made from.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "goldens.hpp"

namespace nightingale::test {

inline nlohmann::json audio_goldens() {
  std::ifstream file(golden("audio.json"));
  nlohmann::json content = nlohmann::json::parse(file);
  REQUIRE(content.contains("provenance"));
  return content;
}

// The formula under "sound" in that file: of whole numbers and powers of two, the same floats everywhere.
inline std::vector<float> sound(std::int64_t length, const std::vector<int>& gains) {
  std::vector<float> samples;
  for (std::int64_t n = 0; n < length; ++n) {
    const double triangle = static_cast<double>(std::abs((4 * n + n * n / 8) % 65536 - 32768)) / 16384 - 1;
    const double noise = static_cast<double>((40503 * n * n + 12345 * n) % 65536) / 32768 - 1;
    const int gain = gains.at(static_cast<std::size_t>(16 * n / length));
    const double scale = gain == -99 ? 0 : std::ldexp(1.0, gain);
    samples.push_back(static_cast<float>(scale * (triangle / 2 + noise / 64)));
  }
  return samples;
}

// The sound that an entry of the goldens names by its length and gains.
inline std::vector<float> sound_of(const nlohmann::json& entry) {
  return sound(entry.at("length"), entry.at("gains"));
}

// A tone whose samples stay within ±0.5.
inline std::vector<float> tone(std::size_t count) {
  std::vector<float> samples(count);
  for (std::size_t i = 0; i < count; ++i) samples[i] = 0.5f * std::sin(0.05f * static_cast<float>(i));
  return samples;
}

inline double norm_of(const std::vector<float>& numbers) {
  double sum = 0;
  for (const float number : numbers) sum += static_cast<double>(number) * number;
  return std::sqrt(sum);
}

// |found − expected| / |expected|
inline double relative_distance(const std::vector<float>& found, const std::vector<float>& expected) {
  REQUIRE(found.size() == expected.size());
  std::vector<float> difference(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) difference[i] = found[i] - expected[i];
  return norm_of(difference) / norm_of(expected);
}

}  // namespace nightingale::test

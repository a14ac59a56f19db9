// The mel against upstream's, the filters against librosa's.
#include "audio/mel.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numbers>

#include "base/failure.hpp"
#include "close.hpp"

using namespace nightingale;

namespace {

nlohmann::json goldens() {
  std::ifstream file(NIGHTINGALE_SOURCE "/tests/goldens/mel.json");
  REQUIRE(file);
  nlohmann::json content = nlohmann::json::parse(file);
  REQUIRE(content.contains("provenance"));
  return content;
}

// The formula of tests/goldens/mel.json.
std::vector<float> sound(std::size_t length, double gain) {
  std::vector<float> samples;
  for (std::size_t i = 0; i < length; ++i) {
    const auto n = static_cast<double>(i);
    const double tone =
        0.4 * std::sin(2 * std::numbers::pi * 220 * n / 24000) * n / static_cast<double>(length);
    const double noise = static_cast<double>(i * 40503 % 65536) / 32768 - 1;
    samples.push_back(static_cast<float>(gain * (tone + 0.05 * noise)));
  }
  return samples;
}

}  // namespace

TEST_CASE("mel_24k_is_upstreams") {
  const nlohmann::json content = goldens();
  REQUIRE(content.at("mels").size() >= 3);
  for (const auto& golden : content.at("mels")) {
    const auto length = golden.at("length").get<std::size_t>();
    CAPTURE(length);
    const std::vector<float> mel = mel_24k(sound(length, golden.at("gain")));
    CHECK(mel.size() == length / 480 * 80);
    CHECK(testing::close(mel, golden.at("mel").get<std::vector<float>>(), 1e-5));
  }
}

TEST_CASE("mel_24k_of_silence_is_its_floor") {
  // A band of the smallest magnitude, √1e-9, times its filter's sum, is below 1e-5 or little above.
  const std::vector<float> mel = mel_24k(std::vector<float>(4800, 0));
  REQUIRE(mel.size() == 10 * 80);
  for (const float number : mel) {
    CHECK(number >= std::log(1e-5F));
    CHECK(number < -8);
  }
}

TEST_CASE("mel_24k_refuses_a_recording_too_short_to_be_mirrored") {
  CHECK_THROWS_AS(mel_24k(std::vector<float>(720, 0)), Failure);
  CHECK_THROWS_AS(mel_24k({}), Failure);
  CHECK(mel_24k(std::vector<float>(721, 0)).size() == 80);
}

TEST_CASE("mel_filters_are_librosas") {
  const nlohmann::json content = goldens();
  REQUIRE(content.at("filters").size() >= 3);
  for (const auto& golden : content.at("filters")) {
    const MelScale scale{.sample_rate = golden.at("rate"),
                         .transform = golden.at("transform"),
                         .bands = golden.at("bands"),
                         .lowest = 0,
                         .highest = 8000};
    CAPTURE(scale.bands);
    const std::vector<float> filters = mel_filters(scale);
    const std::size_t bins = scale.transform / 2 + 1;
    std::vector<double> sums(scale.bands);
    std::vector<double> every_97th;
    for (std::size_t i = 0; i < filters.size(); ++i) {
      sums[i / bins] += filters[i];
      if (i % 97 == 0) every_97th.push_back(filters[i]);
    }
    CHECK(testing::close(sums, golden.at("sums").get<std::vector<double>>(), 1e-6));
    CHECK(testing::close(every_97th, golden.at("every_97th").get<std::vector<double>>(), 1e-6));
  }
}

#include "audio/polyphase.hpp"

#include <doctest/doctest.h>

#include "close.hpp"

using namespace nightingale;

TEST_CASE("polyphase_gives_as_many_samples_as_the_rates_say") {
  const std::vector<float> samples = testing::random_numbers(100, 1);
  CHECK(resample_polyphase(samples, 24000, 32000).size() == 134);
  CHECK(resample_polyphase(samples, 44100, 32000).size() == 73);
  CHECK(resample_polyphase(samples, 8000, 32000).size() == 400);
  CHECK(resample_polyphase(samples, 32000, 32000) == samples);
  CHECK(resample_polyphase({}, 24000, 32000).empty());
}

TEST_CASE("polyphase_keeps_a_level") {
  const std::vector<float> level = resample_polyphase(std::vector<float>(1000, 0.5F), 24000, 32000);
  CHECK(level[666] == doctest::Approx(0.5).epsilon(1e-3));
}

TEST_CASE("polyphase_does_not_depend_on_how_a_recording_is_cut_into_blocks") {
  const std::vector<float> samples = testing::random_numbers(3000, 2);
  for (const int from : {8000, 24000, 44100, 96000}) {
    const std::vector<float> whole = resample_polyphase(samples, from, 32000);
    for (const std::size_t size : {1U, 7U, 1000U}) {
      Polyphase resampler(from, 32000);
      std::vector<float> out;
      const auto append = [&](const std::vector<float>& some) {
        out.insert(out.end(), some.begin(), some.end());
      };
      for (std::size_t first = 0; first < samples.size(); first += size) {
        append(resampler.push(std::span(samples).subspan(first, std::min(size, samples.size() - first))));
      }
      append(resampler.finish());
      CHECK(out == whole);
    }
  }
}

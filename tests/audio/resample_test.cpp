// The two resamplers against librosa's and torchaudio's.
#include "audio/resample.hpp"

#include <doctest/doctest.h>

#include "audio/sounds.hpp"
#include "checkpoint/files.hpp"
#include "close.hpp"

using namespace nightingale;
using namespace nightingale::test;

namespace {

template <typename Resample>
void check_goldens(const char* name, double tolerance, Resample&& resample) {
  const nlohmann::json content = audio_goldens();
  const std::vector<float> signal = sound_of(content.at("resampled"));
  const auto every = content.at("resampled").at("every").get<std::size_t>();
  REQUIRE(content.at(name).size() >= 5);
  for (const auto& expected : content.at(name)) {
    const int from = expected.at("from"), to = expected.at("to");
    CAPTURE(from);
    CAPTURE(to);
    const std::vector<float> found = resample(signal, from, to);
    CHECK(found.size() == expected.at("count"));
    CHECK(norm_of(found) == doctest::Approx(expected.at("norm").get<double>()).epsilon(1e-7));
    std::vector<float> some;
    for (std::size_t i = 0; i < found.size(); i += every) some.push_back(found[i]);
    CHECK(relative_distance(some, expected.at("some")) <= tolerance);
  }
}

std::vector<float> in_blocks(std::span<const float> samples, int from, int to, std::size_t block) {
  Resampler resampler(from, to);
  std::vector<float> out;
  const auto append = [&](const std::vector<float>& some) {
    out.insert(out.end(), some.begin(), some.end());
  };
  for (std::size_t start = 0; start < samples.size(); start += block) {
    append(resampler.push(samples.subspan(start, std::min(block, samples.size() - start))));
  }
  append(resampler.finish());
  return out;
}

}  // namespace

TEST_CASE("resample_soxr_is_librosas") {
  // libsoxr sums in another order on other processors.
#ifdef __x86_64__
  check_goldens("soxr", 0, resample_soxr);
#else
  check_goldens("soxr", 1e-6, resample_soxr);
#endif
}

TEST_CASE("resample_sinc_is_torchaudios") {
  check_goldens("sinc", 3e-7, resample_sinc);
}

TEST_CASE("resampling_in_blocks_gives_the_same_to_the_bit") {
  const std::vector<float> samples = tone(70'000);
  for (const auto& [from, to] : {std::pair{44100, 24000}, {24000, 16000}, {8000, 24000}, {24000, 24000}}) {
    const std::vector<float> whole = resample_soxr(samples, from, to);
    for (const std::size_t block : {1UL, 997UL, 65'536UL, 1'000'000UL}) {
      if (block == 1 && from != 24000) continue;
      CAPTURE(block);
      CHECK(in_blocks(samples, from, to, block) == whole);
    }
  }
}

TEST_CASE("resampling_gives_n_to_by_from_samples_rounded_up") {
  for (const int from : {8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 176400, 192000}) {
    for (const std::size_t count : {0UL, 1UL, 2UL, 100UL, 4801UL}) {
      CAPTURE(from);
      CAPTURE(count);
      const std::size_t expected =
          (count * 24000 + static_cast<std::size_t>(from) - 1) / static_cast<std::size_t>(from);
      CHECK(resample_soxr(tone(count), from, 24000).size() == expected);
      CHECK(resample_sinc(tone(count), from, 24000).size() == expected);
    }
  }
}

TEST_CASE("resampling_from_or_to_no_rate_is_refused") {
  for (const auto& [from, to] : {std::pair{0, 24000}, {24000, 0}, {-8000, 16000}}) {
    CHECK(error_of([&, from = from, to = to] { resample_soxr(tone(10), from, to); }).code ==
          ErrorCode::audio_invalid);
    CHECK(error_of([&, from = from, to = to] { resample_sinc(tone(10), from, to); }).code ==
          ErrorCode::audio_invalid);
  }
}

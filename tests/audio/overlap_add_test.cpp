#include "audio/overlap_add.hpp"

#include <doctest/doctest.h>

#include "close.hpp"

using namespace nightingale;

TEST_CASE("a_recording_comes_back_from_its_spectra_to_its_last_sample") {
  const Framing framing{.rate = 32000, .transform = 64, .hop = 10, .margin = 32};
  for (const std::int64_t count : {33, 64, 100, 109, 500}) {
    CAPTURE(count);
    const std::vector<float> samples = testing::random_numbers(count, 4);
    std::vector<float> back(samples.size());
    Spectra spectra(samples, framing);
    OverlapAdd out(framing, back);
    for (std::size_t frame = 0; frame < spectra.frames(); ++frame) out.add(spectra.spectrum(frame));
    CHECK(testing::close(back, samples, 1e-6));
  }
}

TEST_CASE("power_is_the_square_of_the_spectrum") {
  const std::vector<float> samples = testing::random_numbers(100, 5);
  Spectra spectra(samples, {.rate = 32000, .transform = 64, .hop = 10, .margin = 32});
  const auto spectrum = spectra.spectrum(3);
  const std::vector<std::complex<double>> kept(spectrum.begin(), spectrum.end());
  const auto power = spectra.power(3);
  for (std::size_t bin = 0; bin < kept.size(); ++bin)
    CHECK(power[bin] == doctest::Approx(std::norm(kept[bin])));
}

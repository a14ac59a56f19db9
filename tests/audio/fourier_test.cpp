// The transform against its definition, its inverse against the way back.
#include "audio/fourier.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <thread>

#include "close.hpp"

using namespace nightingale;

namespace {

constexpr std::size_t lengths[] = {1, 2, 3, 4, 5, 6, 7, 12, 15, 30, 49, 60, 97, 400, 512, 1920, 2048};

std::vector<double> noise(std::size_t length) {
  const std::vector<float> numbers = testing::random_numbers(static_cast<std::int64_t>(length), 5);
  return {numbers.begin(), numbers.end()};
}

}  // namespace

TEST_CASE("fourier_is_its_definition_for_every_kind_of_length") {
  for (const std::size_t length : lengths) {
    CAPTURE(length);
    const std::vector<double> samples = noise(length);
    const auto spectrum = Fourier(length).forward(samples);
    REQUIRE(spectrum.size() == length / 2 + 1);
    for (std::size_t k = 0; k < spectrum.size(); k += std::max<std::size_t>(1, length / 16)) {
      std::complex<double> sum = 0;
      for (std::size_t n = 0; n < length; ++n) {
        const double turn = static_cast<double>(k * n % length) / static_cast<double>(length);
        sum += samples[n] * std::polar(1.0, -2 * std::numbers::pi * turn);
      }
      CHECK(std::abs(spectrum[k] - sum) < 1e-11 * std::sqrt(static_cast<double>(length)));
    }
  }
}

TEST_CASE("fourier_inverse_is_the_way_back") {
  for (const std::size_t length : lengths) {
    CAPTURE(length);
    const Fourier fourier(length);
    const std::vector<double> samples = noise(length);
    auto spectrum = fourier.forward(samples);
    // What belongs to no real samples is ignored, as numpy.fft.irfft ignores it.
    spectrum.front() += std::complex<double>(0, 3);
    if (length % 2 == 0) spectrum.back() += std::complex<double>(0, 3);
    std::vector<double> back(length);
    fourier.inverse(spectrum, back);
    CHECK(testing::close(back, samples, 1e-13));
  }
}

TEST_CASE("fourier_serves_several_threads_and_lengths_at_a_time") {
  const Fourier shorter(400), longer(1920);
  const std::vector<double> samples = noise(1920);
  const auto expected_short = shorter.forward(std::span(samples).first(400));
  const auto expected_long = longer.forward(samples);
  const auto agrees = [&](bool& equal) {
    for (int round = 0; round < 50; ++round) {
      equal = equal && shorter.forward(std::span(samples).first(400)) == expected_short;
      equal = equal && longer.forward(samples) == expected_long;
    }
  };
  bool here = true, there = true;
  std::thread other([&] { agrees(there); });
  agrees(here);
  other.join();
  CHECK(here);
  CHECK(there);
}

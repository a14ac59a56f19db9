// The vocoder beside its layers: lengths, voiced and unvoiced, and the end at ±0.99.
#include "models/hift/hift.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/failure.hpp"
#include "golden_networks.hpp"
#include "models/hift/facts.hpp"
#include "models/lengths.hpp"

using namespace nightingale;
using test::LoadedHift;
using test::one;

namespace {

const Axis harmonic{"harmonic", hift::harmonics};

// The lengths of a speech of these frames without a prompt; an odd number needs an odd prompt.
Lengths lengths_of(std::int64_t frames) {
  const std::int64_t odd = frames % 2;
  Lengths known;
  known.set(lengths::prompt, odd, "voice");
  known.set(lengths::prompt_frame, odd, "voice");
  known.set(lengths::speech, frames / 2, "t3");
  return known;
}

hift::SourceNoise silent_noise(Ops& op, std::int64_t frames) {
  return {op.zeros({one, harmonic}), op.zeros({one, {"sample", 480 * frames}, harmonic})};
}

hift::SourceNoise loud_noise(Ops& op, std::int64_t frames) {
  hift::SourceNoise noise = silent_noise(op, frames);
  noise.noise = op.scale(noise.noise, 0, 1);
  return noise;
}

Tensor pitch_of(Ops& op, std::vector<float> hertz) {
  return op.write({one, test::rows(hertz.size(), "frame")}, hertz);
}

// The merging linear of the source, as the checkpoint has it: nine weights and a bias.
struct Merge {
  std::vector<double> weight;
  double bias;

  explicit Merge(const TensorFile& file) {
    weight = to_double(*file.find("mel2wav.m_source.l_linear.weight"));
    bias = to_double(*file.find("mel2wav.m_source.l_linear.bias")).front();
  }
  double operator()(const std::vector<double>& signal) const {
    double sum = bias;
    for (std::size_t h = 0; h < weight.size(); ++h) sum += weight[h] * signal[h];
    return std::tanh(sum);
  }
};

}  // namespace

TEST_CASE("a_frame_is_480_samples") {
  LoadedHift hift;
  for (const std::int64_t frames : {1, 2, 7}) {
    const Tensor mel = hift.op.zeros({one, {"frame", frames}, lengths::mel});
    const Tensor audio =
        hift.network.forward(hift.op, lengths_of(frames), mel, silent_noise(hift.op, frames));
    CHECK(audio.shape() == Shape{one, {"sample", 480 * frames}});
  }
}

TEST_CASE("an_unvoiced_source_is_noise_alone") {
  LoadedHift hift;
  const Merge merge(hift.binding.file());
  const Tensor pitch = pitch_of(hift.op, {0, 10});  // voiced begins above 10 Hz
  const std::vector<float> source = hift.op.read(hift.network.source(hift.op, pitch, loud_noise(hift.op, 2)));
  const double expected = merge(std::vector<double>(9, 0.1 / 3));
  for (const float sample : source) CHECK(sample == doctest::Approx(expected).epsilon(1e-5));
}

TEST_CASE("a_voiced_source_is_nine_sines_and_a_little_noise") {
  LoadedHift hift;
  const Merge merge(hift.binding.file());
  const std::vector<float> source =
      hift.op.read(hift.network.source(hift.op, pitch_of(hift.op, {200}), loud_noise(hift.op, 1)));
  for (const std::size_t sample : {0U, 1U, 100U, 479U}) {
    std::vector<double> signal;
    for (int h = 1; h <= 9; ++h) {
      const double turns = 200.0 * h / 24000 * static_cast<double>(sample + 1);
      signal.push_back(0.1 * std::sin(2 * std::numbers::pi * turns) + 0.003);
    }
    CHECK(source[sample] == doctest::Approx(merge(signal)).epsilon(1e-4));
  }
}

TEST_CASE("a_voice_that_stops_leaves_noise_behind") {
  LoadedHift hift;
  const std::vector<float> source =
      hift.op.read(hift.network.source(hift.op, pitch_of(hift.op, {210, 0}), silent_noise(hift.op, 2)));
  const Merge merge(hift.binding.file());
  const double silence = merge(std::vector<double>(9, 0));
  CHECK(std::abs(source[479] - silence) > 1e-3);
  CHECK(source[480] == doctest::Approx(silence).epsilon(1e-6));
}

TEST_CASE("a_pitch_is_never_below_zero") {
  LoadedHift hift;
  const std::vector<float> random = testing::random_numbers(20 * 80, 3, 4);
  const std::vector<float> f0 =
      hift.op.read(hift.network.pitch(hift.op, hift.op.write({one, {"frame", 20}, lengths::mel}, random)));
  CHECK(f0.size() == 20);
  CHECK(*std::min_element(f0.begin(), f0.end()) >= 0);
}

TEST_CASE("no_sample_is_louder_than_the_limit") {
  LoadedHift hift;
  const Tensor loud =
      hift.op.write({one, {"frame", 6}, lengths::mel}, testing::random_numbers(6 * 80, 4, 300));
  const std::vector<float> audio =
      hift.op.read(hift.network.forward(hift.op, lengths_of(6), loud, loud_noise(hift.op, 6)));
  const float loudest = *std::max_element(audio.begin(), audio.end(),
                                          [](float a, float b) { return std::abs(a) < std::abs(b); });
  CHECK(std::abs(loudest) == doctest::Approx(0.99));
}

TEST_CASE("the_vocoder_refuses_noise_of_another_length_than_its_mel") {
  LoadedHift hift;
  const Tensor mel = hift.op.zeros({one, {"frame", 3}, lengths::mel});
  CHECK_THROWS_AS(hift.network.forward(hift.op, lengths_of(3), mel, silent_noise(hift.op, 4)), Failure);
  CHECK_THROWS_AS(hift.network.forward(hift.op, lengths_of(4), mel, silent_noise(hift.op, 4)), Failure);
}

#include "audio/trim.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace nightingale {

namespace {

// librosa.effects.trim(frame_length, hop_length), librosa.amplitude_to_db(amin)
constexpr std::size_t hop = 512;
constexpr std::size_t hops_of_frame = 4;
constexpr double power_floor = 1e-10;

// The mean power of each centred frame.
std::vector<double> powers_of(std::span<const float> samples) {
  const std::size_t frames = samples.size() / hop + 1;
  std::vector<double> energies(frames + hops_of_frame);  // of each hop, two hops of silence before the first
  for (std::size_t i = 0; i < samples.size(); ++i) {
    energies[i / hop + hops_of_frame / 2] += static_cast<double>(samples[i]) * samples[i];
  }
  std::vector<double> powers(frames);
  for (std::size_t frame = 0; frame < frames; ++frame) {
    for (std::size_t i = 0; i < hops_of_frame; ++i) powers[frame] += energies[frame + i];
    powers[frame] /= hop * hops_of_frame;
  }
  return powers;
}

double decibels(double power) {
  return 10 * std::log10(std::max(power_floor, power));
}

}  // namespace

SampleRange trim_silence(std::span<const float> samples, double top_db) {
  const std::vector<double> powers = powers_of(samples);
  const double loudest = decibels(*std::max_element(powers.begin(), powers.end()));
  const auto heard = [&](double power) { return decibels(power) - loudest > -top_db; };
  const auto first = std::find_if(powers.begin(), powers.end(), heard);
  if (first == powers.end()) return {0, 0};
  const auto after = std::find_if(powers.rbegin(), powers.rend(), heard).base();
  return {static_cast<std::size_t>(first - powers.begin()) * hop,
          std::min(samples.size(), static_cast<std::size_t>(after - powers.begin()) * hop)};
}

}  // namespace nightingale

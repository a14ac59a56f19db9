#include "synthesis/renderer.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "models/lengths.hpp"
#include "synthesis/inputs.hpp"

namespace nightingale {

namespace {

constexpr std::size_t silent_samples = 480;  // s3gen.py S3Token2Wav: sample rate/50, then as many to fade in

}  // namespace

std::int64_t Renderer::frames_of(std::int64_t speech) const {
  return lengths::frame.size.at(lengths_of(voice, speech)).number();
}

Tensor Renderer::mel(std::span<const std::int32_t> tokens, const Tensor& noise) const {
  const Lengths lengths = lengths_of(voice, static_cast<std::int64_t>(tokens.size()));
  const flow::Condition condition =
      flow.condition(op, lengths, flow_voice(op, voice), speech_ids(op, tokens));
  const Tensor mel = flow.solve(op, lengths, noise, condition,
                                {.steps = steps, .unseen_tokens = unseen_tokens, .progress = progress});
  return flow::Flow::trim(op, mel, voice.prompt_frames);
}

std::vector<float> Renderer::samples(const Tensor& mel, std::int64_t speech, Random& random) const {
  const Lengths lengths = lengths_of(voice, speech);
  const std::int64_t count = lengths::sample.size.at(lengths).number();
  const hift::SourceNoise noise = draw_source_noise(op, count, random);
  return op.read(hift.forward(op, lengths, mel, noise));
}

void fade_in(std::span<float> samples) {
  for (std::size_t i = 0; i < std::min(samples.size(), 2 * silent_samples); ++i) {
    if (i < silent_samples) {
      samples[i] = 0;
      continue;
    }
    const double share = static_cast<double>(i - silent_samples) / static_cast<double>(silent_samples - 1);
    samples[i] *= static_cast<float>((std::cos(std::numbers::pi * (1 - share)) + 1) / 2);
  }
}

}  // namespace nightingale

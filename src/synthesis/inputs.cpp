#include "synthesis/inputs.hpp"

#include <array>
#include <numbers>

#include "models/flow/facts.hpp"
#include "models/hift/facts.hpp"
#include "models/lengths.hpp"
#include "models/t3/facts.hpp"

namespace nightingale {

namespace {

const Axis one{"batch", 1};

Axis sized(Name name, std::size_t size) {
  return {name, static_cast<std::int64_t>(size)};
}

}  // namespace

t3::Voice t3_voice(Ops& op, const VoiceArrays& voice, float emotion) {
  return {
      op.write({one, {"speaker", t3::speaker_channels}}, voice.speaker).from("voice"),
      op.write_ids({one, sized("row", voice.condition_prompt.size())}, voice.condition_prompt).from("voice"),
      op.write({one, {"emotion", 1}}, std::array{emotion}).from("voice")};
}

flow::Voice flow_voice(Ops& op, const VoiceArrays& voice) {
  return {op.write({one, {"speaker", flow::speaker_channels}}, voice.flow_speaker).from("voice"),
          op.write_ids({one, sized("prompt", voice.prompt.size())}, voice.prompt).from("voice"),
          op.write({one, {"frame", voice.prompt_frames}, lengths::mel}, voice.prompt_mel).from("voice")};
}

Tensor speech_ids(Ops& op, std::span<const std::int32_t> tokens) {
  return op.write_ids({one, sized("speech", tokens.size())}, tokens).from("t3");
}

Lengths lengths_of(const VoiceArrays& voice, std::int64_t speech) {
  Lengths known;
  known.set(lengths::prompt, static_cast<std::int64_t>(voice.prompt.size()), "voice");
  known.set(lengths::prompt_frame, voice.prompt_frames, "voice");
  known.set(lengths::speech, speech, "t3");
  return known;
}

std::vector<float> transposed(std::span<const float> numbers, std::size_t rows, std::size_t columns) {
  std::vector<float> out(numbers.size());
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      out[column * rows + row] = numbers[row * columns + column];
    }
  }
  return out;
}

Tensor draw_mel_noise(Ops& op, std::int64_t frames, Random& random) {
  const auto columns = static_cast<std::size_t>(frames);
  const auto bands = static_cast<std::size_t>(lengths::mel.size.number());
  std::vector<float> noise(bands * columns);
  random.normal(noise);
  return op.write({one, {"frame", frames}, lengths::mel}, transposed(noise, bands, columns)).from("noise");
}

hift::SourceNoise draw_source_noise(Ops& op, std::int64_t samples, Random& random) {
  constexpr auto harmonics = static_cast<std::size_t>(hift::harmonics);
  const auto columns = static_cast<std::size_t>(samples);
  std::vector<float> phase(harmonics);
  // Upstream draws from a torch Uniform(−π, π): rand·(high − low) + low, each step rounded.
  constexpr float pi = std::numbers::pi_v<float>;
  random.uniform(phase);
  for (float& angle : phase) angle = angle * (2 * pi) - pi;
  phase.front() = 0;
  std::vector<float> noise(harmonics * columns);
  random.normal(noise);
  random.skip_normal(columns);
  const Axis harmonic{"harmonic", hift::harmonics};
  return {op.write({one, harmonic}, phase),
          op.write({one, {"sample", samples}, harmonic}, transposed(noise, harmonics, columns))};
}

}  // namespace nightingale

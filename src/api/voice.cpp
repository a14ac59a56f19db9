// Voice: opening, saving and describing, translated between the public structs and the room of voices.
#include "voice/voice.hpp"
#include "api/guarded.hpp"
#include "nightingale/nightingale.hpp"
#include "voice/clip.hpp"
#include "voice/write_voice.hpp"

namespace nightingale {

Result<Voice> Voice::open(const std::string& path) {
  return guarded([&] { return Voice(std::make_shared<const KeptVoice>(read_kept_voice(path))); });
}

Result<Done> Voice::save(const std::string& path, VoiceForm form) const {
  return guarded([&] {
    write_voice(path, form, *kept_);
    return Done{};
  });
}

const VoiceFacts& Voice::facts() const {
  return kept_->facts;
}

VoiceSizes Voice::sizes() const {
  constexpr double frames_of_mel = 50;  // a second
  const VoiceArrays& arrays = kept_->arrays;
  return {.condition_tokens = static_cast<std::int64_t>(arrays.condition_prompt.size()),
          .prompt_tokens = static_cast<std::int64_t>(arrays.prompt.size()),
          .prompt_frames = arrays.prompt_frames,
          .prompt_seconds = static_cast<double>(arrays.prompt_frames) / frames_of_mel,
          .exaggeration = arrays.emotion,
          .preview_seconds = static_cast<double>(kept_->preview.size()) / sample_rate};
}

std::vector<float> Voice::preview() const {
  constexpr float largest_sample = 32767.F;
  std::vector<float> samples;
  samples.reserve(kept_->preview.size());
  for (const std::int16_t sample : kept_->preview)
    samples.push_back(static_cast<float>(sample) / largest_sample);
  return samples;
}

Result<Done> check_voice_output(const std::string& path, VoiceForm form) {
  return guarded([&] {
    check_voice_place(path, form);
    return Done{};
  });
}

bool is_recording(const std::string& path) {
  const auto told = guarded([&] { return looks_like_recording(path); });
  return told.ok() && told.value();
}

}  // namespace nightingale

#include "voice/voice.hpp"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>
#include <optional>

#include "base/failure.hpp"
#include "checkpoint/mapped_file.hpp"
#include "checkpoint/npy.hpp"
#include "checkpoint/open_tensor_file.hpp"
#include "voice/array_names.hpp"
#include "voice/voice_facts.hpp"

namespace nightingale {

namespace {

// Reads the arrays one by one and collects what is wrong with them.
class VoiceReader {
 public:
  explicit VoiceReader(std::string path)
      : path_(std::move(path)) {
    if (std::filesystem::is_directory(path_)) return;
    file_ = open_tensor_file(path_);
    upstream_ = file_->find(speaker_name.upstream) != nullptr;
  }

  std::vector<float> numbers(const ArrayName& name, std::initializer_list<std::int64_t> shape) {
    std::vector<float> values;
    with(name, shape, [&](const StoredTensor& stored) { values = to_float(stored); });
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::isfinite(values[i])) continue;
      add(name, "a number that is not finite at " + std::to_string(i), "finite numbers");
      break;
    }
    return values;
  }

  std::vector<std::int32_t> tokens(const ArrayName& name) {
    std::vector<std::int32_t> ids;
    with(name, {1, any}, [&](const StoredTensor& stored) {
      for (const std::int64_t id : to_integers(stored)) {
        if (id < 0 || id >= speech_codes) {
          add(name, "token " + std::to_string(id),
              "speech tokens from 0 to " + std::to_string(speech_codes - 1));
          return;
        }
        ids.push_back(static_cast<std::int32_t>(id));
      }
      if (ids.empty()) add(name, "no tokens", "at least one");
    });
    return ids;
  }

  // Facts and preview are extras: whatever is odd about them, the voice speaks without.
  VoiceFacts facts() const {
    if (file_) return facts_of(file_->metadata());
    const auto notes = std::filesystem::path(path_) / facts_file;
    try {
      return facts_of_json(map_file(notes.string()).text());
    } catch (const Failure&) {
      return {};
    }
  }

  std::vector<std::int16_t> preview() const {
    try {
      if (file_) return samples_of(file_->find(preview_name));
      const TensorFile own =
          read_npy((std::filesystem::path(path_) / (std::string(preview_name) + ".npy")).string());
      return samples_of(&own.tensors().front());
    } catch (const Failure&) {
      return {};
    }
  }

  void add(const ArrayName& name, std::string found, std::string expected, std::string origin = {}) {
    faults_.push_back({label(name), std::move(found), std::move(expected), std::move(origin)});
  }

  bool sound() const { return faults_.empty(); }

  void finish() const {
    if (sound()) return;
    throw Failure(
        {ErrorCode::voice_invalid, "the voice " + path_ + " cannot be used", faults_,
         "bake the voice again, or take the voice's folder, its safetensors file or upstream's conds.pt"});
  }

 private:
  static constexpr std::int64_t any = -1;

  std::string label(const ArrayName& name) const {
    return upstream_ ? name.upstream : std::string(name.baked) + (file_ ? "" : ".npy");
  }

  // Finds the array, checks its shape and hands it on; a fault in between is noted instead.
  void with(const ArrayName& name, std::initializer_list<std::int64_t> shape,
            const std::function<void(const StoredTensor&)>& use) {
    try {
      std::optional<TensorFile> own;
      const StoredTensor* stored = nullptr;
      if (file_) {
        stored = file_->find(upstream_ ? name.upstream : name.baked);
      } else if (const auto file = std::filesystem::path(path_) / (std::string(name.baked) + ".npy");
                 std::filesystem::exists(file)) {
        own = read_npy(file.string());
        stored = &own->tensors().front();
      }
      if (!stored) return add(name, "nothing", "an array " + expected_text(shape));
      if (!fits(stored->shape, shape)) return add(name, shape_text(stored->shape), expected_text(shape));
      use(*stored);
    } catch (const Failure& failure) {
      add(name, failure.error().sentence, "an array " + expected_text(shape));
    }
  }

  static std::vector<std::int16_t> samples_of(const StoredTensor* stored) {
    if (!stored || stored->type != StoredType::i16 || stored->shape.size() != 1) return {};
    std::vector<std::int16_t> samples(stored->bytes.size() / sizeof(std::int16_t));
    if (!samples.empty()) std::memcpy(samples.data(), stored->bytes.data(), stored->bytes.size());
    return samples;
  }

  static bool fits(const std::vector<std::int64_t>& found, std::initializer_list<std::int64_t> expected) {
    return std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                      [](std::int64_t have, std::int64_t want) { return want == any || have == want; });
  }

  static std::string expected_text(std::initializer_list<std::int64_t> shape) {
    std::string out = "[";
    for (const std::int64_t size : shape)
      out += (out.size() > 1 ? ", " : "") + (size == any ? "n" : std::to_string(size));
    return out + "]";
  }

  std::string path_;
  std::optional<TensorFile> file_;
  bool upstream_ = false;
  std::vector<Fact> faults_;
};

}  // namespace

VoiceArrays read_voice(const std::string& path) {
  return read_kept_voice(path).arrays;
}

KeptVoice read_kept_voice(const std::string& path) {
  if (!std::filesystem::exists(path)) {
    fail(ErrorCode::voice_invalid, "there is no voice at " + path,
         "give a voice file, a baked folder or upstream's conds.pt with --voice");
  }
  VoiceReader reader(path);
  KeptVoice kept;
  VoiceArrays& voice = kept.arrays;
  voice.origin = path;
  voice.speaker = reader.numbers(speaker_name, {1, speaker_channels});
  voice.condition_prompt = reader.tokens(condition_prompt_name);
  const std::vector<float> emotion = reader.numbers(emotion_name, {1, 1, 1});
  if (!emotion.empty()) voice.emotion = emotion.front();
  voice.flow_speaker = reader.numbers(flow_speaker_name, {1, flow_speaker_channels});
  voice.prompt = reader.tokens(prompt_name);
  voice.prompt_mel = reader.numbers(prompt_mel_name, {1, -1, mel_bands});
  voice.prompt_frames = static_cast<std::int64_t>(voice.prompt_mel.size()) / mel_bands;

  const auto prompt = static_cast<std::int64_t>(voice.prompt.size());
  const std::int64_t surplus = voice.prompt_frames - 2 * prompt;
  if (reader.sound() && surplus != 0 && surplus != 1) {
    reader.add(prompt_mel_name, std::to_string(voice.prompt_frames) + " frames",
               std::to_string(2 * prompt) + " or " + std::to_string(2 * prompt + 1) + " = 2·prompt (+ 1)",
               "prompt = " + std::to_string(prompt) + " tokens; a token is two mel frames");
  }
  reader.finish();
  kept.facts = reader.facts();
  kept.preview = reader.preview();
  return kept;
}

std::vector<Finding> doubts_about(const KeptVoice& voice, const std::string& variant,
                                  std::int64_t longest_prompt) {
  std::vector<Finding> doubts;
  if (!voice.facts.variant.empty() && voice.facts.variant != variant) {
    doubts.push_back({"other_variant", Finding::Severity::note,
                      "the voice was made for the " + voice.facts.variant +
                          " model and is spoken with by the " + variant + " one",
                      "bake it again with this model if it sounds odd"});
  }
  const auto prompt = static_cast<std::int64_t>(voice.arrays.condition_prompt.size());
  if (prompt > longest_prompt) {
    doubts.push_back({"long_prompt", Finding::Severity::warning,
                      "the voice prompts T3 with " + std::to_string(prompt) +
                          " tokens; this one was trained with " + std::to_string(longest_prompt),
                      "bake it again with this model"});
  }
  return doubts;
}

}  // namespace nightingale

#include "voice/voice.hpp"

#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>

#include "base/failure.hpp"
#include "checkpoint/npy.hpp"
#include "checkpoint/open_tensor_file.hpp"

namespace nightingale {

namespace {

constexpr std::int64_t speaker_channels = 256;       // t3_config.py speaker_embed_size
constexpr std::int64_t flow_speaker_channels = 192;  // flow.py spk_embed_dim
constexpr std::int64_t mel_bands = 80;               // the 24 kHz mel
constexpr std::int64_t speech_codes = 6561;          // 3^8 speech tokens

// One of the six arrays and what it is called in each kind of file.
struct ArrayName {
  const char* baked;     // file name in a baked folder, without .npy; also the name in a safetensors voice
  const char* upstream;  // name in conds.pt
};
constexpr ArrayName speaker_name{"soul_t3_256", "t3.speaker_emb"};
constexpr ArrayName condition_prompt_name{"t3_cond_tokens", "t3.cond_prompt_speech_tokens"};
constexpr ArrayName emotion_name{"emotion_adv", "t3.emotion_adv"};
constexpr ArrayName flow_speaker_name{"soul_s3_192", "gen.embedding"};
constexpr ArrayName prompt_name{"prompt_token", "gen.prompt_token"};
constexpr ArrayName prompt_mel_name{"prompt_feat", "gen.prompt_feat"};

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
  if (!std::filesystem::exists(path)) {
    fail(ErrorCode::voice_invalid, "there is no voice at " + path,
         "give a baked folder, a voice file or upstream's conds.pt with --voice");
  }
  VoiceReader reader(path);
  VoiceArrays voice;
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
  return voice;
}

}  // namespace nightingale

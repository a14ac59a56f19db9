#include "voice/write_voice.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <set>
#include <span>

#include "base/failure.hpp"
#include "base/replace_file.hpp"
#include "checkpoint/npy.hpp"
#include "checkpoint/safetensors.hpp"
#include "voice/array_names.hpp"
#include "voice/voice_facts.hpp"

namespace nightingale {

namespace {

namespace fs = std::filesystem;

constexpr const char* format_key = "format";
constexpr const char* format_name = "nightingale voice 1";

template <typename Number>
StoredTensor stored(const char* name, StoredType type, std::vector<std::int64_t> shape,
                    std::span<const Number> values) {
  return {name, type, std::move(shape), false, std::as_bytes(values)};
}

// The arrays as upstream shapes them; they borrow the voice's numbers.
std::vector<StoredTensor> tensors_of(const KeptVoice& voice) {
  const VoiceArrays& arrays = voice.arrays;
  const auto numbers = [](const ArrayName& name, std::vector<std::int64_t> shape,
                          std::span<const float> values) {
    return stored(name.baked, StoredType::f32, std::move(shape), values);
  };
  const auto tokens = [](const ArrayName& name, std::span<const std::int32_t> ids) {
    return stored(name.baked, StoredType::i32, {1, static_cast<std::int64_t>(ids.size())}, ids);
  };
  std::vector<StoredTensor> tensors{
      numbers(speaker_name, {1, speaker_channels}, arrays.speaker),
      tokens(condition_prompt_name, arrays.condition_prompt),
      numbers(emotion_name, {1, 1, 1}, std::span(&arrays.emotion, 1)),
      numbers(flow_speaker_name, {1, flow_speaker_channels}, arrays.flow_speaker),
      tokens(prompt_name, arrays.prompt),
      numbers(prompt_mel_name, {1, arrays.prompt_frames, mel_bands}, arrays.prompt_mel)};
  if (!voice.preview.empty()) {
    const std::span<const std::int16_t> samples = voice.preview;
    tensors.push_back(
        stored(preview_name, StoredType::i16, {static_cast<std::int64_t>(samples.size())}, samples));
  }
  return tensors;
}

[[noreturn]] void fail_to_write(const std::string& path, const std::string& why, const char* fix) {
  fail(ErrorCode::output_failed, "cannot write the voice " + path + ": " + why, fix);
}

// What may lie in a folder that a voice replaces.
bool is_of_a_voice(const std::string& name) {
  if (name == facts_file || name == std::string(preview_name) + ".npy") return true;
  static constexpr std::array names{speaker_name,      condition_prompt_name, emotion_name,
                                    flow_speaker_name, prompt_name,           prompt_mel_name};
  return std::any_of(names.begin(), names.end(),
                     [&](const ArrayName& array) { return name == std::string(array.baked) + ".npy"; });
}

// Where the folder will stand, without a slash at its end and with links followed.
fs::path folder_place(const std::string& path) {
  if (path.empty()) fail_to_write("without a name", "its path is empty", "name a folder");
  std::error_code error;
  fs::path place = fs::weakly_canonical(path, error);
  if (error) place = path;
  if (!place.has_filename()) place = place.parent_path();
  const fs::path above = place.has_parent_path() ? place.parent_path() : fs::path(".");
  if (!fs::is_directory(above, error)) {
    fail_to_write(path, "there is no folder " + above.string(), "create that folder first");
  }
  if (::access(above.c_str(), W_OK) != 0) {
    fail_to_write(path, above.string() + " is write-protected", "choose a folder that you may write to");
  }
  if (!fs::exists(place, error)) return place;
  if (!fs::is_directory(place, error)) {
    fail_to_write(path, "a file of that name is there", "choose another name, or --format file");
  }
  for (const auto& entry : fs::directory_iterator(place)) {
    const std::string name = entry.path().filename().string();
    if (!is_of_a_voice(name)) {
      fail_to_write(path, "the folder is there and holds " + name + ", which is no part of a voice",
                    "name a new folder");
    }
  }
  return place;
}

// A folder beside the place that is removed again unless it was moved there.
class FolderBeside {
 public:
  explicit FolderBeside(const fs::path& place) {
    static std::atomic<unsigned> count{0};
    path_ = place.string() + "." + std::to_string(::getpid()) + "-" + std::to_string(count++) + ".part";
    std::error_code error;
    fs::create_directory(path_, error);
    if (error) fail_to_write(place.string(), error.message(), "choose a folder that you may write to");
  }
  FolderBeside(const FolderBeside&) = delete;
  FolderBeside& operator=(const FolderBeside&) = delete;
  ~FolderBeside() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

  // What stood at the place is taken away first and put back when the move fails.
  void move_to(const fs::path& place) {
    const fs::path before = path_.string() + ".before";
    std::error_code error;
    const bool stood = fs::exists(place, error);
    if (stood) fs::rename(place, before, error);
    if (!error) fs::rename(path_, place, error);
    std::error_code ignored;
    if (error && stood && !fs::exists(place, ignored)) fs::rename(before, place, ignored);
    if (error) fail_to_write(place.string(), error.message(), "choose another place");
    if (stood) fs::remove_all(before, ignored);
  }

 private:
  fs::path path_;
};

VoiceForm form_of(const std::string& path, VoiceForm form) {
  if (form != VoiceForm::automatic) return form;
  const std::string ending = fs::path(path).extension().string();
  std::error_code error;
  if (ending == ".voice" || ending == ".safetensors") return VoiceForm::file;
  if (ending.empty() || fs::is_directory(path, error)) return VoiceForm::folder;
  fail(ErrorCode::option_invalid, path + ": a voice is no " + ending + " file",
       "name it .voice for one file, or without ending for a folder, or choose the format by name");
}

}  // namespace

void write_voice_file(const std::string& path, const KeptVoice& voice) {
  FactTexts texts = texts_of(voice.facts);
  texts[format_key] = format_name;
  write_safetensors(path, tensors_of(voice), texts);
}

void write_voice_folder(const std::string& path, const KeptVoice& voice) {
  const fs::path place = folder_place(path);
  FolderBeside beside(place);
  for (const StoredTensor& tensor : tensors_of(voice)) write_npy(beside / (tensor.name + ".npy"), tensor);
  const std::string facts = facts_json(voice.facts);
  replace_file(beside / facts_file, {std::as_bytes(std::span(facts))});
  beside.move_to(place);
}

void write_voice(const std::string& path, VoiceForm form, const KeptVoice& voice) {
  if (form_of(path, form) == VoiceForm::file) return write_voice_file(path, voice);
  write_voice_folder(path, voice);
}

void check_voice_place(const std::string& path, VoiceForm form) {
  if (form_of(path, form) == VoiceForm::file) return check_replaceable(path);
  folder_place(path);
}

}  // namespace nightingale

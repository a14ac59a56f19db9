// A voice to speak with, what is known of it, and what the doctor says of a recording before it becomes one.
//
// A voice is kept as one file (anna.voice: safetensors with six tensors and the facts below as metadata), or
// as a baked folder (six .npy files and metadata.json). Language, licence and consent are notes for people:
// nothing asks for them and nothing is refused without them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nightingale/error.hpp"
#include "nightingale/export.h"
#include "nightingale/request.hpp"

namespace nightingale {

// Where a voice comes from. Empty or 0 is what nobody knows: a conds.pt of upstream has no facts.
struct VoiceFacts {
  std::string name, language, licence, consent;
  std::string source;         // the recording's file name, without its folder
  std::string source_sha256;  // of the recording's file, in hexadecimal
  std::int64_t source_rate = 0;
  double source_seconds = 0;
  double baked_from = 0, baked_to = 0;  // seconds of the recording that became the voice
  std::string variant;                  // the T3 it was made for: "english", "multilingual"
  std::string created_by;               // "nightingale 0.1.0"
};

// Calls visitor(name, member) for every fact, in the order they are shown. A member is a std::string, a
// std::int64_t or a double; the name is the key in a voice file and in JSON.
template <typename AnyFacts, typename Visitor>
void visit_facts(AnyFacts&& facts, Visitor&& visitor) {
  visitor("name", facts.name);
  visitor("language", facts.language);
  visitor("licence", facts.licence);
  visitor("consent", facts.consent);
  visitor("source", facts.source);
  visitor("source_sha256", facts.source_sha256);
  visitor("source_rate", facts.source_rate);
  visitor("source_seconds", facts.source_seconds);
  visitor("baked_from", facts.baked_from);
  visitor("baked_to", facts.baked_to);
  visitor("variant", facts.variant);
  visitor("created_by", facts.created_by);
}

// What a voice holds, as counted.
struct VoiceSizes {
  std::int64_t condition_tokens = 0;  // T3's prompt, at most 150
  std::int64_t prompt_tokens = 0;     // the flow's prompt, 25 a second
  std::int64_t prompt_frames = 0;     // its mel, 50 a second
  double prompt_seconds = 0;
  double exaggeration = 0;
  double preview_seconds = 0;  // of the clip kept with it; 0 without one
};

enum class VoiceForm {
  automatic,  // by the path: one file for .voice or .safetensors, a folder for a name without ending
  file,
  folder,
};

// Something that was noticed and is not an error.
struct Finding {
  enum class Severity {
    note,     // worth knowing
    warning,  // the voice will suffer; `strict` makes an error of it
  };
  std::string code;  // "clipped", "noisy", …; docs/voices.md lists them
  Severity severity = Severity::note;
  std::string sentence;  // with the numbers
  std::string advice;
};

struct KeptVoice;

class NIGHTINGALE_EXPORT Voice {
 public:
  // `path` is a voice file, a baked folder (.npy) or upstream's conds.pt, told by content and not by name.
  // Errors: voice_invalid, file_invalid.
  static Result<Voice> open(const std::string& path);

  // Writes the voice whole or not at all. A folder that stands there is replaced when it holds a voice and
  // nothing else. Errors: option_invalid (a name that tells no form), output_failed.
  Result<Done> save(const std::string& path, VoiceForm form = VoiceForm::automatic) const;

  const VoiceFacts& facts() const;
  VoiceSizes sizes() const;
  // The recording's clip that was kept with the voice, mono at 24 kHz; empty without one.
  std::vector<float> preview() const;

 private:
  friend class Engine;
  friend class Baker;
  friend class Converter;
  explicit Voice(std::shared_ptr<const KeptVoice> kept)
      : kept_(std::move(kept)) {}
  std::shared_ptr<const KeptVoice> kept_;
};

// Whether `Voice::save` could write there now: to be asked before long work. Errors: as there.
NIGHTINGALE_EXPORT Result<Done> check_voice_output(const std::string& path,
                                                   VoiceForm form = VoiceForm::automatic);

// Whether a path is a recording, to be baked, rather than a voice: told by content; of a file that is
// neither, the ending decides who shall complain.
NIGHTINGALE_EXPORT bool is_recording(const std::string& path);

struct BakeOptions {
  std::string name = {}, language = {}, licence = {}, consent = {};  // notes, kept with the voice
  bool strict = false;   // a warning of the doctor is an error: audio_invalid
  bool as_is = false;    // bakes the recording exactly as upstream would: nothing chosen, nothing trimmed
  bool preview = false;  // keeps the clip (at most 10 s) with the voice

  // Called often, from the thread that bakes. Stages: "listening", "speaker", "tokens", "mel". Anything but
  // Going::on ends baking with `cancelled`.
  std::function<Going(const Progress&)> progress = {};
};

struct Baked {
  Voice voice;
  std::vector<Finding> findings;
  std::string
      did;  // "took 83.2 s to 93.2 s of 3:12:05; trimmed 0.4 s of silence"; empty: nothing was changed
};

}  // namespace nightingale

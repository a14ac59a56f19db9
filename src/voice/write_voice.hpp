// Writes a voice, as one safetensors file or as a baked folder. It appears whole or not at all.
#pragma once

#include <string>

#include "voice/voice.hpp"

namespace nightingale {

// Six tensors, the facts as metadata, the preview when there is one. Throws output_failed.
void write_voice_file(const std::string& path, const KeptVoice& voice);

// Six .npy files, metadata.json, preview.npy when there is a preview: written into a folder beside, which
// then takes the place. What stood there is replaced when it is an empty folder or held a voice and nothing
// else. Throws output_failed.
void write_voice_folder(const std::string& path, const KeptVoice& voice);

// As the form says; automatic: a file for .voice and .safetensors, a folder for a name without ending. Throws
// option_invalid for a name that tells neither.
void write_voice(const std::string& path, VoiceForm form, const KeptVoice& voice);

// Refuses what `write_voice` would refuse now.
void check_voice_place(const std::string& path, VoiceForm form);

}  // namespace nightingale

// What `--json` of voice bake, show and compare prints, and the sizes of a voice on disk.
#pragma once

#include <cstdint>
#include <string>

#include "nightingale/nightingale.hpp"

namespace nightingale::cli {

// Of a file, or of all files of a folder; 0 when nothing can be told.
std::int64_t bytes_on_disk(const std::string& path);

// {"path", "bytes", "facts": {…}, "condition_tokens", "prompt_tokens", "prompt_frames", "seconds",
// "exaggeration", "preview_seconds"}; with `baked` also "did" and "findings": [{"code", "severity",
// "sentence", "advice"}].
std::string voice_json(const std::string& path, const Voice& voice, const Baked* baked = nullptr);

// {"similarity", "embeddings": [[a], [b]]}
std::string likeness_json(const Likeness& likeness);

}  // namespace nightingale::cli

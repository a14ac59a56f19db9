// Baker: a recording in, a voice out.
#include <filesystem>
#include <fstream>
#include <vector>

#include "api/bakery.hpp"
#include "api/guarded.hpp"
#include "api/open_model.hpp"
#include "base/sha256.hpp"
#include "nightingale/nightingale.hpp"
#include "nightingale/version.h"
#include "voice/bake.hpp"
#include "voice/baking.hpp"

namespace nightingale {

namespace {

// Enough of a large file to know it again: its length and many short pieces, its header among them. Hashing a
// gigabyte of weights whole would take longer than baking.
void add_pieces(Sha256& sum, const std::string& path) {
  constexpr std::int64_t pieces = 256, piece_bytes = 4096;
  const auto length = static_cast<std::int64_t>(std::filesystem::file_size(path));
  sum.add(std::as_bytes(std::span(&length, 1)));
  std::ifstream file(path, std::ios::binary);
  std::vector<char> bytes(piece_bytes);
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    file.clear();
    file.seekg(length * piece / pieces);
    file.read(bytes.data(), piece_bytes);
    sum.add(std::as_bytes(std::span(bytes).first(static_cast<std::size_t>(file.gcount()))));
  }
}

void add_text(Sha256& sum, std::string_view text) {
  const std::uint64_t length = text.size();
  sum.add(std::as_bytes(std::span(&length, 1)));
  sum.add(std::as_bytes(std::span(text)));
}

}  // namespace

std::shared_ptr<const Bakery> open_bakery(const std::string& model, const EngineOptions& options) {
  return std::make_shared<const Bakery>(
      find_baking_model(model, wanted_language(options.variant), options.language), make_substrate(options));
}

Result<Baker> Baker::open(const std::string& model, const EngineOptions& options) {
  return guarded([&] { return Baker(open_bakery(model, options)); });
}

Result<Baked> Baker::bake(const std::string& recording, const BakeOptions& options) const {
  return guarded([&] {
    const auto arrays_of = [&](std::span<const float> samples_24k) {
      return bake_arrays(*bakery_->substrate, bakery_->networks, samples_24k,
                         [&](std::string_view stage, std::int64_t done, std::int64_t of) {
                           report_progress(options, stage, done, of);
                         });
    };
    BakedVoice baked =
        bake_recording(recording, options, std::string(name_of(bakery_->folder.language)), arrays_of);
    return Baked{Voice(std::make_shared<const KeptVoice>(std::move(baked.voice))), std::move(baked.findings),
                 std::move(baked.did)};
  });
}

Result<std::string> Baker::key(const std::string& model, const std::string& recording,
                               const BakeOptions& options) {
  return guarded([&] {
    const BakingFolder folder = find_baking_model(model, WantedLanguage::automatic, options.language);
    Sha256 sum;
    for (const std::string& file : {folder.voice_encoder, folder.s3gen}) add_pieces(sum, file);
    for (const std::string_view text :
         {std::string_view(NIGHTINGALE_VERSION), name_of(folder.language), std::string_view(options.name),
          std::string_view(options.language), std::string_view(options.licence),
          std::string_view(options.consent)}) {
      add_text(sum, text);
    }
    add_text(sum, {std::string(options.as_is ? "as is" : "chosen") + (options.preview ? ", preview" : "")});
    add_text(sum, recording_sha256(recording));
    return sum.finish();
  });
}

}  // namespace nightingale

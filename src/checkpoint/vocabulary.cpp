#include "checkpoint/vocabulary.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "base/failure.hpp"

namespace nightingale {
namespace {

struct KnownVocabulary {
  std::int64_t size;
  std::string_view variant;
  std::string_view checkpoint;
  std::string_view tokenizer;
};

// t3_config.py T3Config.english_only, .multilingual; tts_turbo.py, the tokenizer of GPT-2 with 19 tags.
constexpr std::array<KnownVocabulary, 3> known_vocabularies = {{
    {704, "English", "t3_cfg.safetensors", "tokenizer.json"},
    {2454, "multilingual", "t3_mtl23ls_v2.safetensors", "grapheme_mtl_merged_expanded_v1.json"},
    {50276, "Turbo", "t3_turbo_v1.safetensors", "vocab.json"},
}};

const KnownVocabulary* known(std::int64_t size) {
  for (const KnownVocabulary& vocabulary : known_vocabularies) {
    if (vocabulary.size == size) return &vocabulary;
  }
  return nullptr;
}

std::string variant_text(const KnownVocabulary* variant) {
  return variant ? fmt::format(", as the {} model", variant->variant) : "";
}

}  // namespace

void check_vocabulary(const TextVocabulary& vocabulary) {
  const KnownVocabulary* of_rows = known(vocabulary.rows);
  const KnownVocabulary* of_entries = known(vocabulary.entries);
  const bool two_variants = of_rows && of_entries && of_rows != of_entries;
  if (vocabulary.rows >= vocabulary.entries && !two_variants) return;

  Error error{
      ErrorCode::model_mismatch,
      fmt::format("{} has a text vocabulary of {}{}, but {} has {}{}", vocabulary.checkpoint, vocabulary.rows,
                  variant_text(of_rows), vocabulary.tokenizer, vocabulary.entries, variant_text(of_entries)),
      {},
      "take both files from the same model folder"};
  error.facts.push_back(
      {fmt::format("text_vocabulary of {}", vocabulary.checkpoint),
       fmt::format("{} rows in text_emb.weight", vocabulary.rows),
       fmt::format("{} rows, one for each token of {}", vocabulary.entries, vocabulary.tokenizer), ""});
  if (two_variants) {
    error.fix = fmt::format("put {} beside {}, or {} beside {}", of_entries->checkpoint, vocabulary.tokenizer,
                            of_rows->tokenizer, vocabulary.checkpoint);
  }
  throw Failure(std::move(error));
}

}  // namespace nightingale

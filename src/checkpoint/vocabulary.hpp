// Whether a T3 checkpoint and a text tokenizer belong together: a check across files that no single file can
// fail.
#pragma once

#include <cstdint>
#include <string>

namespace nightingale {

struct TextVocabulary {
  std::string checkpoint;    // "t3_mtl23ls_v2.safetensors"
  std::int64_t rows = 0;     // of text_emb.weight
  std::string tokenizer;     // "grapheme_mtl_merged_expanded_v1.json"
  std::int64_t entries = 0;  // one more than the highest token id it can give
};

// Throws Failure (model_mismatch) when the tokenizer gives tokens that the checkpoint has no row for, or when
// both are of a known variant but not of the same one. More rows than tokens are otherwise fine: some tables
// are padded.
void check_vocabulary(const TextVocabulary& vocabulary);

}  // namespace nightingale

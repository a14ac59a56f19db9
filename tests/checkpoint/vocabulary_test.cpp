#include "checkpoint/vocabulary.hpp"

#include "small_network.hpp"

using namespace nightingale;
using namespace nightingale::test;

TEST_CASE("a_text_vocabulary_of_704_in_a_multilingual_folder_is_refused") {
  const Error error = error_of([] {
    check_vocabulary({"t3_mtl23ls_v2.safetensors", 704, "grapheme_mtl_merged_expanded_v1.json", 2454});
  });
  CHECK(error.code == ErrorCode::model_mismatch);
  CHECK(error.text() == golden("english_vocabulary_in_multilingual_folder"));
}

TEST_CASE("a_multilingual_checkpoint_with_an_english_tokenizer_is_refused") {
  const Error error = error_of([] { check_vocabulary({"t3_cfg.safetensors", 2454, "tokenizer.json", 704}); });
  CHECK(error.sentence ==
        "t3_cfg.safetensors has a text vocabulary of 2454, as the multilingual model, but tokenizer.json has "
        "704, as "
        "the English model");
}

TEST_CASE("a_token_without_a_row_is_refused_whatever_the_variant") {
  const Error error = error_of([] { check_vocabulary({"t3.safetensors", 799, "tokenizer.json", 800}); });
  CHECK(error.sentence == "t3.safetensors has a text vocabulary of 799, but tokenizer.json has 800");
  CHECK(error.fix == "take both files from the same model folder");
}

TEST_CASE("a_fitting_or_padded_vocabulary_is_accepted") {
  check_vocabulary({"t3_cfg.safetensors", 704, "tokenizer.json", 704});
  check_vocabulary({"t3.safetensors", 2560, "tokenizer.json", 2454});
}

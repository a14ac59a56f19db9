// Inspecting manifests and model folders: what is printed is what a person compares.
#include "diagnosis/inspect.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/failure.hpp"
#include "checkpoint/safetensors.hpp"
#include "diagnosis/weight_tree.hpp"
#include "voice/voice.hpp"
#include "voice/write_voice.hpp"

using namespace nightingale;

namespace {

std::string manifest_path(const std::string& file) {
  return std::string(NIGHTINGALE_SOURCE) + "/tests/manifests/" + file + ".json";
}

const InspectedSize& size_named(const InspectedFile& file, const std::string& name) {
  for (const InspectedSize& size : file.sizes) {
    if (size.name == name) return size;
  }
  FAIL("no size ", name);
  return file.sizes.front();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("inspect_knows_every_published_file_by_its_tensors") {
  struct Known {
    std::string file, network, variant;
  };
  const std::vector<Known> all = {{"t3_cfg.safetensors", "T3", "English"},
                                  {"t3_mtl23ls_v2.safetensors", "T3", "multilingual"},
                                  {"t3_mtl23ls_v3.safetensors", "T3", "multilingual"},
                                  {"s3gen.safetensors", "flow and vocoder", "Chatterbox"},
                                  {"s3gen_v3.pt", "flow and vocoder", "Chatterbox"},
                                  {"s3gen_meanflow.safetensors", "flow (two steps) and vocoder", ""},
                                  {"t3_turbo_v1.safetensors", "T3 on GPT-2 (Turbo, Nano)", ""},
                                  {"t3_nano_v1.safetensors", "T3 on GPT-2 (Turbo, Nano)", ""},
                                  {"ve.safetensors", "voice encoder", "Chatterbox"},
                                  {"perth_net_250000.pth.tar", "watermark", "Perth"},
                                  {"conds.pt.base", "voice", ""}};
  for (const Known& known : all) {
    CAPTURE(known.file);
    const Inspection inspection = inspect_path(manifest_path(known.file));
    CHECK(inspection.ok());
    REQUIRE(inspection.files.size() == 1);
    CHECK(inspection.files[0].network == known.network);
    CHECK(inspection.files[0].variant == known.variant);
  }
}

TEST_CASE("inspect_prints_sizes_beside_known_variants_and_who_says_them") {
  const Inspection inspection = inspect_path(manifest_path("t3_cfg.safetensors"));
  const std::string text = inspection.text();
  CHECK(contains(text, "T3, sizes as English\n  292 tensors, 292 F32, 532.4 M numbers, 2.13 GB\n"));
  CHECK(contains(text, "    size                   here  English  multilingual  tiny\n"));
  CHECK(
      contains(text, "    text_vocabulary        704   704      2454          704   says text_emb.weight\n"));
  CHECK(contains(text, "    layers of tfmr.layers  30    30       30"));
}

TEST_CASE("inspect_prints_the_weights_as_a_folded_tree_with_axes") {
  const std::string text = inspect_path(manifest_path("t3_cfg.safetensors")).text();
  CHECK(contains(text, "      layers.0…29                        9 tensors each\n"));
  CHECK(contains(text, "          down_proj.weight               [model 1024, hidden 4096]\n"));
  CHECK(contains(text, "[704, 1024]  not used: predicts text, only used in training\n"));
}

TEST_CASE("inspect_prints_what_each_stage_takes_and_gives") {
  const std::string text = inspect_path(manifest_path("s3gen.safetensors")).text();
  CHECK(contains(text, "  stages\n"));
  CHECK(contains(text, "→ audio"));
}

TEST_CASE("inspect_binds_the_networks_that_listen_with_those_that_speak") {
  const std::string text = inspect_path(manifest_path("s3gen.safetensors")).text();
  CHECK(contains(text, "flow and vocoder, sizes as Chatterbox\n"));
  CHECK(contains(text, "    speech_tokenizer.channel                          1280  1280              say "));
  CHECK(contains(text, "fsmn_block.weight           [channel 1280, one 1, tap 31]\n"));
  CHECK(contains(text, "→ digits    [batch 1, token, digit 8]\n"));
  CHECK(contains(text, "→ x_vector  [batch 1, speaker]"));
  CHECK(!contains(text, "only baking"));
}

TEST_CASE("inspect_folds_what_differs_by_a_number_only_and_tells_counters_in_one_line") {
  const std::string text = inspect_path(manifest_path("s3gen.safetensors")).text();
  CHECK(contains(
      text, "    num_batches_tracked                 122 tensors, not used: a counter of the training\n"));
  CHECK(text.find("num_batches_tracked") == text.rfind("num_batches_tracked"));
  CHECK(contains(text, "        block1.tdnnd1…12                14 tensors each\n"));
  CHECK(contains(text, "            bn1\n"));
}

TEST_CASE("inspect_of_a_baking_model_knows_both_of_its_files") {
  const Inspection inspection = inspect_path(NIGHTINGALE_SOURCE "/tests/goldens/cloning/model");
  CHECK(inspection.ok());
  REQUIRE(inspection.files.size() == 2);
  CHECK(inspection.files[0].network == "speech tokenizer and speaker encoder");
  CHECK(inspection.files[0].stages.size() == 2);
  CHECK(inspection.files[1].network == "voice encoder");
}

TEST_CASE("inspect_tells_what_is_known_of_a_voice_file_and_what_is_wrong_with_it") {
  const auto folder = std::filesystem::temp_directory_path() / "nightingale-inspect-voice";
  std::filesystem::create_directories(folder);
  KeptVoice voice = read_kept_voice(NIGHTINGALE_SOURCE "/tests/goldens/cloning/voice");
  voice.facts = {};
  voice.facts.name = "Anna";
  voice.facts.source_rate = 44100;
  write_voice((folder / "anna.voice").string(), VoiceForm::file, voice);
  const Inspection inspection = inspect_path((folder / "anna.voice").string());
  const std::vector<float> speaker(7);
  write_safetensors((folder / "bad.voice").string(),
                    {{"soul_t3_256", StoredType::f32, {1, 7}, false, std::as_bytes(std::span(speaker))}});
  const Inspection bad = inspect_path((folder / "bad.voice").string());
  std::filesystem::remove_all(folder);

  CHECK(inspection.ok());
  CHECK(inspection.files[0].network == "voice");
  CHECK(contains(inspection.text(), "  facts\n    name         Anna\n    source_rate  44100\n"));
  CHECK(inspection.json()["files"][0]["facts"]["name"] == "Anna");
  CHECK(bad.files[0].fault->code == ErrorCode::voice_invalid);
}

TEST_CASE("inspect_of_a_file_that_does_not_fit_says_why_and_prints_the_rest") {
  const auto folder = std::filesystem::temp_directory_path() / "nightingale-inspect-test";
  std::filesystem::create_directories(folder);
  const std::vector<float> numbers(4, 1.0f);
  write_safetensors((folder / "t3_cfg.safetensors").string(), {{"cond_enc.perceiver.pre_attention_query",
                                                                StoredType::f32,
                                                                {4},
                                                                false,
                                                                std::as_bytes(std::span(numbers))}});
  std::ofstream(folder / "t3_broken.safetensors") << "<!DOCTYPE html>";
  std::ofstream(folder / "tokenizer.json") << "{}";
  std::ofstream(folder / "notes.txt") << "hello";
  const Inspection inspection = inspect_path(folder.string());
  std::filesystem::remove_all(folder);

  CHECK(!inspection.ok());
  REQUIRE(inspection.files.size() == 2);
  CHECK(inspection.files[0].fault->code == ErrorCode::file_invalid);
  CHECK(inspection.files[1].fault->code == ErrorCode::model_mismatch);
  CHECK(inspection.others.at("tokenizer.json") == "text tokenizer, English");
  CHECK(contains(inspection.text(), "notes.txt       not a file of ours"));
  const nlohmann::json json = inspection.json();
  CHECK(json["ok"] == false);
  CHECK(json["files"][1]["fault"]["code"] == "model_mismatch");
}

TEST_CASE("inspect_json_holds_the_sizes_the_tensors_and_the_stages") {
  const nlohmann::json json = inspect_path(manifest_path("t3_mtl23ls_v2.safetensors")).json();
  const nlohmann::json& file = json["files"][0];
  CHECK(file["types"]["F32"] == 292);
  CHECK(file["tensors"].size() == 292);
  CHECK(file["stages"][0]["stage"] == "t3.condition");
  bool found = false;
  for (const nlohmann::json& size : file["sizes"]) {
    if (size["name"] != "text_vocabulary") continue;
    found = true;
    CHECK(size["value"] == 2454);
    CHECK(size["known"]["English"] == 704);
  }
  CHECK(found);
}

TEST_CASE("inspect_recognises_the_tiny_model_by_its_sizes") {
  const std::string folder = std::string(NIGHTINGALE_SOURCE) + "/../shared/reference/tiny-joe/model";
  if (!std::filesystem::is_directory(folder)) {
    std::cout << "skipped: no ../shared/reference/tiny-joe\n";
    return;
  }
  const Inspection inspection = inspect_path(folder);
  CHECK(inspection.ok());
  REQUIRE(inspection.files.size() == 3);
  CHECK(inspection.files[0].variant == "tiny");
  CHECK(inspection.files[1].variant == "tiny");
  CHECK(size_named(inspection.files[0], "layers of flow.decoder.estimator.mid_blocks.N.1").value == 2);
}

TEST_CASE("inspect_refuses_a_path_where_nothing_is") {
  CHECK_THROWS_AS(inspect_path("/no/such/model"), Failure);
}

TEST_CASE("weight_tree_folds_layers_that_are_built_alike") {
  const std::vector<std::string> lines = weight_tree({{"a.layers.0.w", "[3]"},
                                                      {"a.layers.1.w", "[3]"},
                                                      {"a.layers.2.w", "[5]"},
                                                      {"a.layers.3.w", "[3]"},
                                                      {"a.layers.3.b", "[3]"},
                                                      {"norm.weight", "[3]"}});
  CHECK(lines == std::vector<std::string>{"a.layers",                    //
                                          "  0…2        1 tensor each",  //
                                          "    w        [3] or [5]",     //
                                          "  3",                         //
                                          "    w        [3]",            //
                                          "    b        [3]",            //
                                          "norm.weight  [3]"});
}

TEST_CASE("weight_tree_folds_three_that_are_called_alike_and_tells_two_apart") {
  const std::vector<std::string> lines = weight_tree({{"block1.w", "[3]"},
                                                      {"block2.w", "[3]"},
                                                      {"block3.w", "[5]"},
                                                      {"norm1.w", "[3]"},
                                                      {"norm2.w", "[3]"}});
  CHECK(lines == std::vector<std::string>{"block1…3  1 tensor each",  //
                                          "  w       [3] or [5]",     //
                                          "norm1.w   [3]",            //
                                          "norm2.w   [3]"});
}

TEST_CASE("weight_tree_survives_names_that_are_prefixes_of_others_or_empty") {
  CHECK(weight_tree({{"", "[1]"}, {"a", "[2]"}, {"a.b", "[3]"}, {"a..b", "[4]"}}).size() >= 3);
  CHECK(weight_tree({{"99999999999999999999.w", "[1]"}, {"99999999999999999998.w", "[1]"}}).size() == 2);
}

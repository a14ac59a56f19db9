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
                                  {"ve.safetensors", "voice encoder", ""},
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

TEST_CASE("weight_tree_survives_names_that_are_prefixes_of_others_or_empty") {
  CHECK(weight_tree({{"", "[1]"}, {"a", "[2]"}, {"a.b", "[3]"}, {"a..b", "[4]"}}).size() >= 3);
  CHECK(weight_tree({{"99999999999999999999.w", "[1]"}, {"99999999999999999998.w", "[1]"}}).size() == 2);
}

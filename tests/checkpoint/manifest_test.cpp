// Manifests: checkpoints without their values.
#include "checkpoint/manifest.hpp"

#include <map>

#include "checkpoint/files.hpp"
#include "checkpoint/open_tensor_file.hpp"
#include "checkpoint/safetensors.hpp"

using namespace nightingale;
using namespace nightingale::test;

namespace {

std::string refusal(const std::string& content) {
  const TemporaryFolder folder;
  const std::string path = folder.write("m.json", content);
  return refusal_of(folder, [&] { read_manifest(path); });
}

std::string with_tensor(const std::string& entry) {
  return "{\"tensors\":[" + entry + "]}";
}

}  // namespace

TEST_CASE("manifests_of_the_published_checkpoints_are_complete") {
  // Counts: evidence in the manifests themselves, by the sizes of the published files.
  const std::map<std::string, std::size_t> counts = {
      {"conds.pt.base", 7},
      {"conds.pt.turbo_nano", 7},
      {"perth_net_250000.pth.tar", 59},
      {"s3gen.pt", 2490},
      {"s3gen.safetensors", 2489},
      {"s3gen_meanflow.safetensors", 2491},
      {"s3gen_v3.pt", 2488},
      {"s3gen_v3.safetensors", 2488},
      {"t3_cfg.safetensors", 292},
      {"t3_mtl23ls_v2.safetensors", 292},
      {"t3_mtl23ls_v3.safetensors", 292},
      {"t3_nano_v1.safetensors", 155},
      {"t3_turbo_v1.safetensors", 299},
      {"ve.pt", 16},
      {"ve.safetensors", 16},
  };
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(NIGHTINGALE_SOURCE "/tests/manifests")) {
    if (entry.path().extension() != ".json") continue;
    ++found;
    const TensorFile file = open_tensor_file(entry.path().string());
    CAPTURE(entry.path().stem().string());
    CHECK(file.tensors().size() == counts.at(entry.path().stem().string()));
    CHECK_FALSE(file.has_bytes());
  }
  CHECK(found == counts.size());
}

TEST_CASE("manifests_tell_names_shapes_types_and_where_they_come_from") {
  const std::string folder = NIGHTINGALE_SOURCE "/tests/manifests/";
  const TensorFile base = read_manifest(folder + "s3gen.pt.json");
  const TensorFile meanflow = read_manifest(folder + "s3gen_meanflow.safetensors.json");
  CHECK(base.metadata().at("file") == "s3gen.pt");
  CHECK(meanflow.metadata().at("file") == "s3gen_meanflow.safetensors");
  const std::string mixer = "flow.decoder.estimator.time_embed_mixer.weight";
  CHECK(base.find(mixer) == nullptr);
  CHECK(meanflow.find(mixer)->shape == std::vector<std::int64_t>{1024, 2048});
  CHECK(base.find("tokenizer.window") != nullptr);
  CHECK(read_manifest(folder + "s3gen.safetensors.json").find("tokenizer.window") == nullptr);
  const StoredTensor* const speaker = base.find("flow.spk_embed_affine_layer.weight");
  REQUIRE(speaker != nullptr);
  CHECK(speaker->shape == std::vector<std::int64_t>{80, 192});
  CHECK(error_of([&] { to_float(*speaker); }).sentence ==
        "tensor flow.spk_embed_affine_layer.weight has a shape but no values: it comes from a manifest");
}

TEST_CASE("manifests_refuse_what_is_none") {
  CHECK(refusal("{}") == "m.json: it is JSON, but no manifest: it has no \"tensors\"");
  CHECK(refusal("{\"tensors\": 5}") == "m.json: its \"tensors\" is no list");
  CHECK(refusal("{\"tensors\": [") == "m.json: the manifest is no JSON (at byte 14)");
  CHECK(refusal("{\"tensors\": [[[[[]]]]]}") ==
        "m.json: the manifest nests deeper than the 4 levels of its format");
  CHECK(refusal("{\"a\": 1, \"a\": 2}") == "m.json: the manifest names \"a\" twice");
  CHECK(refusal("hello") == "m.json is a file of unknown kind, not a JSON file");
}

TEST_CASE("manifests_refuse_damaged_tensors") {
  const std::string rest = R"("shape":[1],"dtype":"F32"})";
  CHECK(refusal(with_tensor("5")) == "m.json: a tensor has no name");
  CHECK(refusal(with_tensor("{" + rest)) == "m.json: a tensor has no name");
  CHECK(refusal(with_tensor(R"({"name":"a","shape":[1],"dtype":"Q4"})")) ==
        "m.json: tensor a has no known dtype");
  CHECK(refusal(with_tensor(R"({"name":"a","dtype":"F32"})")) ==
        "m.json: tensor a has no shape that is a list of sizes");
  CHECK(refusal(with_tensor(R"({"name":"a","shape":[4611686018427387904,4],"dtype":"F32"})")) ==
        "m.json: tensor a: the size of its shape [4611686018427387904, 4] overflows");
  CHECK(refusal(with_tensor("{\"name\":\"a\"," + rest + ",{\"name\":\"a\"," + rest)) ==
        "m.json: it names a twice");
}

TEST_CASE("manifests_refuse_to_lean_on_what_is_not_beside_them") {
  CHECK(refusal(R"({"same_as":"../x.json"})") ==
        "m.json: its \"same_as\" is not the name of a manifest in the same folder");
  CHECK(refusal(R"({"same_as":5})") ==
        "m.json: its \"same_as\" is not the name of a manifest in the same folder");
  CHECK(refusal(R"({"same_as":"absent.json"})") == "there is no file absent.json");
  CHECK(refusal(R"({"same_as":"m.json"})") == "m.json: m.json, which it leans on, leans on another");
  const TemporaryFolder folder;
  folder.write("base.json", R"({"tensors":[{"name":"a","shape":[1],"dtype":"F32"}]})");
  const auto refused = [&](const std::string& content) {
    const std::string path = folder.write("m.json", content);
    return refusal_of(folder, [&] { read_manifest(path); });
  };
  CHECK(refused(R"({"same_as":"base.json","without":["b"]})") ==
        "m.json: it is to be without b, which is not there anyway");
  CHECK(refused(R"({"same_as":"base.json","without":"a"})") == "m.json: its \"without\" is no list of names");
  CHECK(refused(R"({"same_as":"base.json","without":[1]})") == "m.json: its \"without\" is no list of names");
}

TEST_CASE("tiny_models_hold_the_names_of_their_manifests") {
  const std::string model = NIGHTINGALE_SOURCE "/../shared/reference/tiny-joe/model/";
  if (!std::filesystem::exists(model)) {
    MESSAGE("skipped: no ../shared/reference/tiny-joe");
    return;
  }
  const TensorFile manifest = read_manifest(NIGHTINGALE_SOURCE "/tests/manifests/ve.safetensors.json");
  const TensorFile tiny = read_safetensors(model + "ve.safetensors");
  CHECK(tiny.tensors().size() == manifest.tensors().size());
  for (const StoredTensor& tensor : manifest.tensors()) CHECK(tiny.find(tensor.name) != nullptr);
}

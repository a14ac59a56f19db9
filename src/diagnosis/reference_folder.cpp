#include "diagnosis/reference_folder.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/failure.hpp"
#include "checkpoint/npy.hpp"

namespace nightingale {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::int64_t longest_run = 100'000;  // tokens or steps that a reference may have taken
constexpr std::int64_t largest_seed = std::int64_t{1} << 53;  // what a JSON number holds exactly

Json read_metadata(const fs::path& folder) {
  std::ifstream file(folder / "metadata.json");
  if (!file) {
    fail(ErrorCode::file_invalid, "there is no metadata.json in " + folder.string(),
         "give a reference folder: metadata.json and the .npy arrays of its steps");
  }
  Json metadata = Json::parse(file, nullptr, false);
  if (!metadata.is_object()) {
    fail(ErrorCode::file_invalid, (folder / "metadata.json").string() + " is no JSON object");
  }
  return metadata;
}

// A number of the metadata, or the default when it is not there.
double number(const Json& object, const char* name, double otherwise) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return otherwise;
  if (!found->is_number())
    fail(ErrorCode::file_invalid, std::string(name) + " of metadata.json is no number");
  return found->get<double>();
}

// The same for what is counted. A folder is not trusted: a count that no run can have had is refused.
std::int64_t count(const Json& object, const char* name, std::int64_t otherwise, std::int64_t most) {
  const double found = number(object, name, static_cast<double>(otherwise));
  if (!(found >= 0 && found <= static_cast<double>(most))) {
    fail(ErrorCode::file_invalid,
         std::string(name) + " of metadata.json is not between 0 and " + std::to_string(most));
  }
  return static_cast<std::int64_t>(found);
}

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

ReferenceSampling sampling(const Json& object, const ReferenceSampling& otherwise) {
  return {.seed = count(object, "seed", otherwise.seed, largest_seed),
          .temperature = number(object, "temperature", otherwise.temperature),
          .guidance = number(object, "cfg_weight", otherwise.guidance),
          .repetition_penalty = number(object, "repetition_penalty", otherwise.repetition_penalty),
          .min_p = number(object, "min_p", otherwise.min_p),
          .top_p = number(object, "top_p", otherwise.top_p)};
}

// The sampled run's values when the metadata has none: T3.inference's own defaults, which differ from
// generate's.
constexpr ReferenceSampling upstream_defaults{
    .seed = 42, .temperature = 0.8, .guidance = 0.5, .repetition_penalty = 1.2, .min_p = 0.05, .top_p = 0.95};

// The seed of the sampled run stands in its file's name.
std::optional<std::int64_t> seed_in_name(const fs::path& folder) {
  constexpr std::string_view start = "step3_sampled_tokens_seed";
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().stem().string();
    if (!name.starts_with(start)) continue;
    std::int64_t seed = 0;
    const char* last = name.data() + name.size();
    const auto [end, error] = std::from_chars(name.data() + start.size(), last, seed);
    if (error == std::errc{} && end == last) return seed;
  }
  return std::nullopt;
}

}  // namespace

ReferenceFolder::ReferenceFolder(const std::string& path)
    : path_(path) {
  if (!fs::is_directory(path)) {
    fail(ErrorCode::file_invalid, "there is no reference folder at " + path,
         "give the folder that holds metadata.json and the arrays step1_… to step8_…");
  }
  const Json metadata = read_metadata(path);
  text_ = text_of(metadata, "text");
  language_ = text_of(metadata, "language");
  most_tokens_ = count(metadata, "max_new_tokens", most_tokens_, longest_run);
  steps_ = static_cast<int>(count(metadata, "n_cfm_timesteps", steps_, longest_run));
  flow_guidance_ = static_cast<float>(number(metadata, "cfg_rate", 0.7));
  exaggeration_ = number(metadata, "exaggeration", 0.5);
  near_greedy_ = sampling(metadata, upstream_defaults);
  const auto sampled = metadata.find("sampled");
  const bool told = sampled != metadata.end() && sampled->is_object();
  sampled_ = told ? sampling(*sampled, upstream_defaults) : upstream_defaults;
  sampled_.seed = seed_in_name(path).value_or(sampled_.seed);
}

bool ReferenceFolder::has(const std::string& step) const {
  return fs::exists(fs::path(path_) / (step + ".npy"));
}

ReferenceArray ReferenceFolder::array(const std::string& step) const {
  const TensorFile file = read_npy((fs::path(path_) / (step + ".npy")).string());
  const StoredTensor& stored = file.tensors().front();
  return {stored.shape, to_float(stored)};
}

std::vector<std::int32_t> ReferenceFolder::tokens(const std::string& step) const {
  const TensorFile file = read_npy((fs::path(path_) / (step + ".npy")).string());
  std::vector<std::int32_t> ids;
  for (const std::int64_t id : to_integers(file.tensors().front()))
    ids.push_back(static_cast<std::int32_t>(id));
  return ids;
}

}  // namespace nightingale

#include "cli/voice_json.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

namespace nightingale::cli {

namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

Json json_of(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"code", finding.code},
                    {"severity", finding.severity == Finding::Severity::warning ? "warning" : "note"},
                    {"sentence", finding.sentence},
                    {"advice", finding.advice}});
  }
  return list;
}

}  // namespace

std::int64_t bytes_on_disk(const std::string& path) {
  std::error_code error;
  std::uintmax_t bytes = 0;
  if (fs::is_directory(path, error)) {
    for (const auto& entry : fs::directory_iterator(path, error)) {
      if (entry.is_regular_file(error)) bytes += entry.file_size(error);
    }
  } else if (fs::is_regular_file(path, error)) {
    bytes = fs::file_size(path, error);
  }
  return error ? 0 : static_cast<std::int64_t>(bytes);
}

std::string voice_json(const std::string& path, const Voice& voice, const Baked* baked) {
  const VoiceSizes sizes = voice.sizes();
  Json out{{"path", path}, {"bytes", bytes_on_disk(path)}, {"facts", Json::object()}};
  visit_facts(voice.facts(), [&out](const char* name, const auto& fact) { out["facts"][name] = fact; });
  out["condition_tokens"] = sizes.condition_tokens;
  out["prompt_tokens"] = sizes.prompt_tokens;
  out["prompt_frames"] = sizes.prompt_frames;
  out["seconds"] = sizes.prompt_seconds;
  out["exaggeration"] = sizes.exaggeration;
  out["preview_seconds"] = sizes.preview_seconds;
  if (baked != nullptr) {
    out["did"] = baked->did;
    out["findings"] = json_of(baked->findings);
  }
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string likeness_json(const Likeness& likeness) {
  const Json out{{"similarity", likeness.similarity},
                 {"embeddings", Json::array({likeness.embedding_a, likeness.embedding_b})}};
  return out.dump();
}

}  // namespace nightingale::cli

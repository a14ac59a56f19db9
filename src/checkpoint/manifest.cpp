#include "checkpoint/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/failure.hpp"
#include "checkpoint/strict_json.hpp"

namespace nightingale {
namespace {

constexpr int manifest_levels = 4;  // the manifest, its tensors, one of them, its shape

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  fail(ErrorCode::file_invalid, fmt::format("{}: {}", path, what),
       "see tests/manifests for manifests as they should be");
}

StoredTensor read_tensor(const std::string& path, const nlohmann::json& entry) {
  if (!entry.is_object() || !entry.contains("name") || !entry["name"].is_string()) {
    refuse(path, "a tensor has no name");
  }
  StoredTensor tensor;
  tensor.name = entry["name"].get<std::string>();
  if (!entry.contains("dtype") || !entry["dtype"].is_string() ||
      !stored_type_of(entry["dtype"].get_ref<const std::string&>(), tensor.type)) {
    refuse(path, fmt::format("tensor {} has no known dtype", tensor.name));
  }
  std::uint64_t length = 0;
  if (!entry.contains("shape") || !read_sizes(entry["shape"], tensor.shape)) {
    refuse(path, fmt::format("tensor {} has no shape that is a list of sizes", tensor.name));
  }
  if (!stored_byte_count(tensor.type, tensor.shape, length)) {
    refuse(path, fmt::format("tensor {}: the size of its shape {} overflows", tensor.name,
                             shape_text(tensor.shape)));
  }
  return tensor;
}

nlohmann::json read_document(const std::string& path) {
  const MappedFile file = map_file(path);
  require_kind(file, FileKind::json);
  return parse_strict_json(file.text(), fmt::format("{}: the manifest", path), manifest_levels);
}

std::vector<StoredTensor> read_tensors(const std::string& path, const nlohmann::json& document) {
  std::vector<StoredTensor> tensors;
  if (!document.contains("tensors")) return tensors;
  if (!document["tensors"].is_array()) refuse(path, "its \"tensors\" is no list");
  for (const nlohmann::json& entry : document["tensors"]) tensors.push_back(read_tensor(path, entry));
  return tensors;
}

// Takes the named tensors out; each must be there.
void remove_tensors(const std::string& path, const nlohmann::json& names,
                    std::vector<StoredTensor>& tensors) {
  if (!names.is_array()) refuse(path, "its \"without\" is no list of names");
  for (const nlohmann::json& name : names) {
    if (!name.is_string()) refuse(path, "its \"without\" is no list of names");
    const std::string& wanted = name.get_ref<const std::string&>();
    const auto found = std::find_if(tensors.begin(), tensors.end(),
                                    [&](const StoredTensor& tensor) { return tensor.name == wanted; });
    if (found == tensors.end())
      refuse(path, fmt::format("it is to be without {}, which is not there anyway", wanted));
    tensors.erase(found);
  }
}

// The tensors of the manifest beside this one that it leans on.
std::vector<StoredTensor> read_base(const std::string& path, const nlohmann::json& document) {
  const nlohmann::json& name = document["same_as"];
  if (!name.is_string() || std::filesystem::path(name.get<std::string>()).has_parent_path()) {
    refuse(path, "its \"same_as\" is not the name of a manifest in the same folder");
  }
  const std::string base = (std::filesystem::path(path).parent_path() / name.get<std::string>()).string();
  const nlohmann::json base_document = read_document(base);
  if (base_document.contains("same_as"))
    refuse(path, fmt::format("{}, which it leans on, leans on another", base));
  std::vector<StoredTensor> tensors = read_tensors(base, base_document);
  if (document.contains("without")) remove_tensors(path, document["without"], tensors);
  return tensors;
}

}  // namespace

TensorFile read_manifest(const std::string& path) {
  const nlohmann::json document = read_document(path);
  if (!document.contains("tensors") && !document.contains("same_as")) {
    refuse(path, "it is JSON, but no manifest: it has no \"tensors\"");
  }
  std::vector<StoredTensor> tensors;
  if (document.contains("same_as")) tensors = read_base(path, document);
  for (StoredTensor& tensor : read_tensors(path, document)) tensors.push_back(std::move(tensor));

  std::set<std::string_view> names;
  for (const StoredTensor& tensor : tensors) {
    if (!names.insert(tensor.name).second) refuse(path, fmt::format("it names {} twice", tensor.name));
  }
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : document.items()) {
    if (value.is_string()) metadata[key] = value.get<std::string>();
  }
  return TensorFile(path, std::move(tensors), std::move(metadata), nullptr);
}

}  // namespace nightingale

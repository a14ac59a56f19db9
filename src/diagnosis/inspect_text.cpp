// An inspection as text for people and as JSON for programs.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/columns.hpp"
#include "diagnosis/inspect.hpp"
#include "diagnosis/known_sizes.hpp"
#include "diagnosis/weight_tree.hpp"

namespace nightingale {
namespace {

// "532.4 M", "1.1 G": enough digits to tell variants apart.
std::string rounded(double number) {
  constexpr double thousand = 1000;
  for (const char* unit : {"", " k", " M"}) {
    if (number < thousand) return fmt::format("{:.{}f}{}", number, *unit ? 1 : 0, unit);
    number /= thousand;
  }
  return fmt::format("{:.2f} G", number);
}

std::vector<KnownVariant> variants_of(const InspectedFile& file) {
  std::vector<KnownVariant> variants;
  for (const KnownVariant& variant : known_variants()) {
    if (variant.network == file.network) variants.push_back(variant);
  }
  return variants;
}

std::string says(const InspectedSize& size) {
  if (size.tensors.empty()) return "";
  if (size.tensors.size() == 1) return "says " + size.tensors.front();
  return fmt::format("say {} and {} more", size.tensors.front(), size.tensors.size() - 1);
}

// One row a size: its name, its value here, in the known variants, and who says so.
std::vector<std::string> size_table(const InspectedFile& file) {
  const std::vector<KnownVariant> variants = variants_of(file);
  std::vector<std::vector<std::string>> rows = {{"size", "here"}};
  for (const KnownVariant& variant : variants) rows[0].emplace_back(variant.name);
  for (const InspectedSize& size : file.sizes) {
    rows.push_back({size.name, std::to_string(size.value)});
    for (const KnownVariant& variant : variants) {
      const auto known = known_size(variant, size.name);
      rows.back().push_back(known ? std::to_string(*known) : "");
    }
    rows.back().push_back(says(size));
  }
  return in_columns(rows);
}

// What stands for an unused tensor in the tree: the branch that takes no part as a whole ("tokenizer"), or
// its last name, which hundreds may share ("num_batches_tracked").
std::string unused_group(const InspectedFile& file, const InspectedTensor& tensor) {
  for (const UnusedTensors& unused : file.unused) {
    if (unused.name.ends_with('.') && unused.why == tensor.unused && tensor.name.starts_with(unused.name)) {
      return unused.name.substr(0, unused.name.size() - 1);
    }
  }
  return tensor.name.substr(tensor.name.find_last_of('.') + 1);
}

std::vector<TreeLeaf> leaves_of(const InspectedFile& file) {
  std::vector<TreeLeaf> leaves;
  std::map<std::pair<std::string, std::string>, std::vector<TreeLeaf>> unused;  // by group and reason
  for (const InspectedTensor& tensor : file.tensors) {
    const std::string type = tensor.type == StoredType::f32 ? "" : fmt::format(" {}", name_of(tensor.type));
    if (tensor.unused.empty()) {
      leaves.push_back({tensor.name, tensor.axes + type});
    } else {
      unused[{unused_group(file, tensor), tensor.unused}].push_back(
          {tensor.name, fmt::format("{}{}  not used: {}", tensor.axes, type, tensor.unused)});
    }
  }
  for (const auto& [group, alike] : unused) {
    const auto& [name, why] = group;
    leaves.push_back(alike.size() == 1
                         ? alike.front()
                         : TreeLeaf{name, fmt::format("{} tensors, not used: {}", alike.size(), why)});
  }
  return leaves;
}

std::vector<std::string> fact_table(const InspectedFile& file) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, value] : file.facts) rows.push_back({name, value});
  return in_columns(rows);
}

std::vector<std::string> stage_table(const InspectedFile& file) {
  std::vector<std::vector<std::string>> rows;
  for (const Signature& stage : file.stages) {
    for (const Signature::Value& input : stage.inputs) {
      rows.push_back({&input == &stage.inputs.front() ? stage.stage : "", input.name, input.shape.formula()});
    }
    rows.push_back({"", "→ " + stage.output.name, stage.output.shape.formula()});
  }
  return in_columns(rows);
}

void append(std::string& out, const std::string& title, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  out += "\n  " + title;
  for (const std::string& line : lines) out += "\n    " + line;
}

std::string text_of(const InspectedFile& file) {
  std::string out = file.name;
  if (!file.network.empty()) out += ": " + file.network;
  if (!file.variant.empty()) out += fmt::format(", sizes as {}", file.variant);
  if (!file.tensors.empty()) {
    std::string types;
    for (const auto& [type, count] : file.types()) types += fmt::format(", {} {}", count, type);
    out += fmt::format("\n  {} tensors{}, {} numbers, {}B", file.tensors.size(), types,
                       rounded(static_cast<double>(file.parameters())),
                       rounded(static_cast<double>(file.bytes())));
  }
  if (file.fault) {
    out += "\n  error: ";
    for (char letter : file.fault->text())
      out += letter == '\n' ? std::string("\n  ") : std::string(1, letter);
  }
  append(out, "facts", fact_table(file));
  if (!file.sizes.empty()) append(out, "sizes", size_table(file));
  append(out, "weights", weight_tree(leaves_of(file)));
  append(out, "stages", stage_table(file));
  return out;
}

nlohmann::json json_of(const Error& error) {
  nlohmann::json facts = nlohmann::json::array();
  for (const Fact& fact : error.facts) {
    facts.push_back({{"subject", fact.subject},
                     {"found", fact.found},
                     {"expected", fact.expected},
                     {"origin", fact.origin}});
  }
  return {{"code", name_of(error.code)}, {"sentence", error.sentence}, {"facts", facts}, {"fix", error.fix}};
}

nlohmann::json json_of(const Signature& stage) {
  nlohmann::json inputs = nlohmann::json::array();
  for (const Signature::Value& input : stage.inputs) {
    inputs.push_back({{"name", input.name}, {"axes", input.shape.formula()}});
  }
  return {{"stage", stage.stage},
          {"inputs", inputs},
          {"output", {{"name", stage.output.name}, {"axes", stage.output.shape.formula()}}}};
}

nlohmann::json json_of(const InspectedFile& file) {
  nlohmann::json out = {{"file", file.name},
                        {"network", file.network},
                        {"variant", file.variant},
                        {"parameters", file.parameters()},
                        {"bytes", file.bytes()},
                        {"types", file.types()},
                        {"sizes", nlohmann::json::array()},
                        {"tensors", nlohmann::json::array()},
                        {"stages", nlohmann::json::array()},
                        {"fault", nullptr}};
  for (const InspectedSize& size : file.sizes) {
    nlohmann::json known = nlohmann::json::object();
    for (const KnownVariant& variant : variants_of(file)) {
      if (const auto value = known_size(variant, size.name)) known[std::string(variant.name)] = *value;
    }
    out["sizes"].push_back(
        {{"name", size.name}, {"value", size.value}, {"said_by", size.tensors}, {"known", known}});
  }
  for (const InspectedTensor& tensor : file.tensors) {
    out["tensors"].push_back({{"name", tensor.name},
                              {"type", name_of(tensor.type)},
                              {"shape", tensor.shape},
                              {"axes", tensor.axes},
                              {"unused", tensor.unused}});
  }
  for (const Signature& stage : file.stages) out["stages"].push_back(json_of(stage));
  for (const auto& [name, value] : file.facts) out["facts"][name] = value;
  if (file.fault) out["fault"] = json_of(*file.fault);
  return out;
}

}  // namespace

std::string Inspection::text() const {
  std::string out;
  for (const InspectedFile& file : files) out += (out.empty() ? "" : "\n\n") + text_of(file);
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, what] : others) rows.push_back({name, what.empty() ? "not a file of ours" : what});
  if (!rows.empty()) out += out.empty() ? "other files" : "\n\nother files";
  for (const std::string& line : in_columns(rows)) out += "\n  " + line;
  return out.empty() ? path + " is empty" : out;
}

nlohmann::json Inspection::json() const {
  nlohmann::json out = {{"path", path}, {"files", nlohmann::json::array()}, {"others", others}, {"ok", ok()}};
  for (const InspectedFile& file : files) out["files"].push_back(json_of(file));
  return out;
}

}  // namespace nightingale

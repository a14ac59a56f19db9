#include "checkpoint/quantized_tensor.hpp"

#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "base/failure.hpp"
#include "checkpoint/strict_json.hpp"

namespace nightingale {

namespace {

constexpr const char* key = "nightingale.quantized";
constexpr std::int64_t line = 64;  // bytes; each tensor fills whole lines, so that the next begins on one
constexpr int levels = 3;          // the metadata's text: the names, a matrix, its shape

std::uint64_t byte_count(const QuantizedLayout& layout) {
  const std::int64_t of_scales = (layout.precision == Precision::int4 ? 2 : 1) * 2 * layout.scales();
  return static_cast<std::uint64_t>((layout.numbers() + of_scales + line - 1) / line * line);
}

// The layout that an entry tells; an empty text when it is sound, else what was found.
std::string read_layout(const nlohmann::json& entry, QuantizedLayout& layout) {
  if (!entry.is_object() || entry.size() != 3 || !entry.contains("precision") || !entry.contains("shape") ||
      !entry.contains("group")) {
    return "an entry without exactly precision, shape and group";
  }
  const nlohmann::json& precision = entry["precision"];
  if (precision != "int8" && precision != "int4")
    return fmt::format("the unknown precision {}", precision.dump());
  std::vector<std::int64_t> sizes, group;
  constexpr std::int64_t most = 1 << 24;  // rows or columns: no product of two of these overflows
  if (!read_sizes(entry["shape"], sizes) || sizes.size() != 2 || sizes[0] > most || sizes[1] > most) {
    return "a shape that is no [row, column]";
  }
  const nlohmann::json& columns = entry["group"];
  if (!columns.is_number_unsigned() || columns.get<std::uint64_t>() % 8 != 0 ||
      columns.get<std::uint64_t>() == 0 || columns.get<std::uint64_t>() > static_cast<std::uint64_t>(most)) {
    return "a group that is no multiple of 8";
  }
  layout = {precision == "int8" ? Precision::int8 : Precision::int4, sizes[0], sizes[1],
            columns.get<std::int64_t>()};
  return {};
}

std::string restore(const nlohmann::json& entry, StoredTensor* tensor) {
  QuantizedLayout layout;
  if (std::string found = read_layout(entry, layout); !found.empty()) return found;
  if (tensor == nullptr) return "no tensor of this name";
  if (tensor->type != StoredType::u8) return fmt::format("numbers of type {}", name_of(tensor->type));
  if (tensor->bytes.size() != byte_count(layout)) {
    return fmt::format("{} bytes, where {} [{}, {}] takes {}", tensor->bytes.size(),
                       name_of(layout.precision), layout.rows, layout.columns, byte_count(layout));
  }
  tensor->type = layout.precision == Precision::int8 ? StoredType::i8_groups : StoredType::i4_groups;
  tensor->shape = {layout.rows, layout.columns};
  tensor->group = layout.group;
  return {};
}

}  // namespace

bool is_quantized(StoredType type) {
  return type == StoredType::i8_groups || type == StoredType::i4_groups;
}

void restore_quantized(const std::string& path, const std::map<std::string, std::string>& metadata,
                       std::vector<StoredTensor>& tensors) {
  const auto text = metadata.find(key);
  if (text == metadata.end()) return;
  const std::string subject = fmt::format("{}: {} in its metadata", path, key);
  const nlohmann::json entries = parse_strict_json(text->second, subject, levels);
  if (!entries.is_object())
    fail(ErrorCode::file_invalid, subject + " is no map of matrices", "take the file again");
  std::map<std::string, StoredTensor*> by_name;
  for (StoredTensor& tensor : tensors) by_name[tensor.name] = &tensor;
  std::vector<Fact> faults;
  for (const auto& [name, entry] : entries.items()) {
    const auto found = by_name.find(name);
    std::string fault = restore(entry, found == by_name.end() ? nullptr : found->second);
    if (!fault.empty())
      faults.push_back({name, std::move(fault), "a matrix as nightingale quantize writes it", {}});
  }
  if (faults.empty()) return;
  const std::string sentence = fmt::format("{}: {} of its matrices of few bits {} damaged", path,
                                           faults.size(), faults.size() == 1 ? "is" : "are");
  throw Failure(
      {ErrorCode::file_invalid, sentence, std::move(faults), "write it again with nightingale quantize"});
}

std::optional<QuantizedView> quantized_view(const StoredTensor& tensor) {
  if (!is_quantized(tensor.type)) return std::nullopt;
  const bool int4 = tensor.type == StoredType::i4_groups;
  const QuantizedLayout layout{int4 ? Precision::int4 : Precision::int8, tensor.shape[0], tensor.shape[1],
                               tensor.group};
  const auto* numbers = reinterpret_cast<const std::uint8_t*>(tensor.bytes.data());
  const std::uint8_t* scales = numbers + layout.numbers();
  if (reinterpret_cast<std::uintptr_t>(scales) % alignof(std::uint16_t) != 0) return std::nullopt;
  const auto* of_scales = reinterpret_cast<const std::uint16_t*>(scales);
  return QuantizedView{layout, numbers, of_scales, int4 ? of_scales + layout.scales() : nullptr};
}

StoredTensor QuantizedTensors::add(const std::string& name, const Quantized& matrix) {
  layouts_.emplace(name, matrix.layout);
  std::vector<std::byte>& bytes = bytes_.emplace_back(byte_count(matrix.layout));
  std::byte* to = bytes.data();
  const auto append = [&to](const auto& numbers) {
    const std::size_t count = numbers.size() * sizeof numbers[0];
    if (count > 0) std::memcpy(to, numbers.data(), count);
    to += count;
  };
  append(matrix.numbers);
  append(matrix.scales);
  append(matrix.minima);
  StoredTensor tensor;
  tensor.name = name;
  tensor.type = StoredType::u8;
  tensor.shape = {static_cast<std::int64_t>(bytes.size())};
  tensor.bytes = bytes;
  return tensor;
}

std::pair<std::string, std::string> QuantizedTensors::metadata() const {
  nlohmann::ordered_json entries = nlohmann::ordered_json::object();
  for (const auto& [name, layout] : layouts_) {
    entries[name] = {{"precision", name_of(layout.precision)},
                     {"shape", {layout.rows, layout.columns}},
                     {"group", layout.group}};
  }
  return {key, entries.dump()};
}

}  // namespace nightingale

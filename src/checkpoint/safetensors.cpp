#include "checkpoint/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <tuple>

#include "base/failure.hpp"
#include "base/replace_file.hpp"
#include "checkpoint/quantized_tensor.hpp"
#include "checkpoint/strict_json.hpp"
#include "checkpoint/strided.hpp"

namespace nightingale {
namespace {

constexpr std::size_t length_bytes = 8;
constexpr std::uint64_t longest_header = 100'000'000;  // safetensors: MAX_HEADER_SIZE
constexpr std::size_t most_facts = 20;
constexpr int header_levels = 3;  // the header, a tensor, its shape
constexpr const char* metadata_key = "__metadata__";
constexpr const char* copy_again = "download or copy the file again";

// A tensor and where the header says its bytes lie, counted from the end of the header.
struct Entry {
  StoredTensor tensor;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// Collects the faults of one file, to report them together.
class Faults {
 public:
  void add(const std::string& tensor, std::string found, std::string expected) {
    ++count_;
    if (facts_.size() < most_facts) facts_.push_back({tensor, std::move(found), std::move(expected), {}});
  }

  void report(const std::string& path) {
    if (count_ == 0) return;
    const std::string sentence =
        count_ == 1 ? fmt::format("{}: tensor {} is damaged: {}", path, facts_[0].subject, facts_[0].found)
                    : fmt::format("{}: {} of its tensors are damaged", path, count_);
    if (count_ > facts_.size())
      facts_.push_back({fmt::format("and {} more", count_ - facts_.size()), {}, {}, {}});
    throw Failure(Error{ErrorCode::file_invalid, sentence, std::move(facts_), copy_again});
  }

 private:
  std::vector<Fact> facts_;
  std::size_t count_ = 0;
};

std::string header_subject(const MappedFile& file) {
  return fmt::format("{}: the header", file.path);
}

[[noreturn]] void refuse_incomplete(const std::string& path, std::uint64_t missing) {
  fail(ErrorCode::file_invalid,
       fmt::format("{} ends {} bytes early: perhaps an incomplete download", path, missing),
       "download or copy it again");
}

// The header's text, after its claimed length was compared with what is there.
std::string_view checked_header(const MappedFile& file) {
  std::uint64_t length = 0;
  std::memcpy(&length, file.bytes.data(), length_bytes);
  if (length > longest_header) {
    fail(ErrorCode::file_invalid,
         fmt::format("{} claims a header of {} bytes; none is longer than {}, and the file has {}", file.path,
                     length, longest_header, file.bytes.size()),
         "this is no safetensors file, or a damaged one: download or copy it again");
  }
  const std::uint64_t present = file.bytes.size() - length_bytes;
  if (length > present) refuse_incomplete(file.path, length - present);
  return file.text().substr(length_bytes, length);
}

// Where the entry says the tensor lies; an empty text when that is sound, else what was found.
std::string read_place(const nlohmann::json& value, Entry& entry) {
  if (!value.is_object() || value.size() != 3 || !value.contains("dtype") || !value.contains("shape") ||
      !value.contains("data_offsets")) {
    return "an entry without exactly dtype, shape and data_offsets";
  }
  std::vector<std::int64_t> offsets;
  if (!read_sizes(value["data_offsets"], offsets) || offsets.size() != 2 || offsets[0] > offsets[1]) {
    return "data_offsets that are no [begin, end]";
  }
  entry.begin = static_cast<std::uint64_t>(offsets[0]);
  entry.end = static_cast<std::uint64_t>(offsets[1]);
  return {};
}

// What the entry says the tensor is, compared with the bytes it has; an empty text, else what was found.
std::string read_type_and_shape(const nlohmann::json& value, Entry& entry) {
  const nlohmann::json& type = value["dtype"];
  if (!type.is_string()) return "a dtype that is no text";
  if (!stored_type_of(type.get_ref<const std::string&>(), entry.tensor.type)) {
    return fmt::format("the unknown dtype {}", type.get_ref<const std::string&>());
  }
  if (!read_sizes(value["shape"], entry.tensor.shape)) return "a shape that is no list of sizes";
  std::uint64_t needed = 0;
  if (!stored_byte_count(entry.tensor.type, entry.tensor.shape, needed)) {
    return fmt::format("the shape {}, whose size overflows", shape_text(entry.tensor.shape));
  }
  if (needed != entry.end - entry.begin) {
    return fmt::format("{} bytes for {} {}, which takes {}", entry.end - entry.begin,
                       name_of(entry.tensor.type), shape_text(entry.tensor.shape), needed);
  }
  return {};
}

// By offset, so that neighbours in the list are neighbours in the file. A tensor of no bytes comes before the
// one that starts at the same place.
void sort_by_place(std::vector<Entry>& entries) {
  std::sort(entries.begin(), entries.end(), [](const Entry& left, const Entry& right) {
    return std::tie(left.begin, left.end, left.tensor.name) <
           std::tie(right.begin, right.end, right.tensor.name);
  });
}

void check_neighbours(const std::vector<Entry>& entries, Faults& faults) {
  std::uint64_t reached = 0;
  for (const Entry& entry : entries) {
    if (entry.begin < reached) {
      faults.add(
          entry.tensor.name,
          fmt::format("it begins at {}, inside the tensor before it, which ends at {}", entry.begin, reached),
          "tensors that do not overlap");
    } else if (entry.begin > reached) {
      faults.add(entry.tensor.name, fmt::format("a gap of {} bytes before it", entry.begin - reached),
                 "tensors end to end");
    }
    reached = std::max(reached, entry.end);
  }
}

// The data must be as long as the last tensor says: a shorter file was cut off, a longer one is another.
void check_length(const MappedFile& file, std::uint64_t needed, std::uint64_t present) {
  if (needed > present) refuse_incomplete(file.path, needed - present);
  if (needed < present) {
    fail(ErrorCode::file_invalid,
         fmt::format("{} has {} bytes after its last tensor", file.path, present - needed), copy_again);
  }
}

std::map<std::string, std::string> read_metadata(const MappedFile& file, const nlohmann::json& value) {
  const std::string expected =
      fmt::format("{} has a {} that is no map of texts", header_subject(file), metadata_key);
  if (!value.is_object()) fail(ErrorCode::file_invalid, expected, copy_again);
  std::map<std::string, std::string> metadata;
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) fail(ErrorCode::file_invalid, expected, copy_again);
    metadata[key] = text.get<std::string>();
  }
  return metadata;
}

// All entries whose place is known, in the order of the file. One whose type or shape is at fault is among
// them, so that its neighbours are not blamed for a gap.
std::vector<Entry> read_entries(const nlohmann::json& header, Faults& faults) {
  std::vector<Entry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name == metadata_key) continue;
    Entry entry;
    entry.tensor.name = name;
    std::string found = read_place(value, entry);
    const bool placed = found.empty();
    if (placed) found = read_type_and_shape(value, entry);
    if (!found.empty()) faults.add(name, std::move(found), "dtype, shape and data_offsets that agree");
    if (placed) entries.push_back(std::move(entry));
  }
  sort_by_place(entries);
  return entries;
}

// The tensors as upstream orders them: by falling size of element, then by name.
std::vector<const StoredTensor*> writing_order(const std::vector<StoredTensor>& tensors) {
  std::vector<const StoredTensor*> order;
  order.reserve(tensors.size());
  for (const StoredTensor& tensor : tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](const StoredTensor* left, const StoredTensor* right) {
    const std::size_t left_size = size_of(left->type), right_size = size_of(right->type);
    return left_size != right_size ? left_size > right_size : left->name < right->name;
  });
  return order;
}

}  // namespace

TensorFile read_safetensors(const std::string& path) {
  return parse_safetensors(map_file(path));
}

TensorFile parse_safetensors(const MappedFile& file) {
  require_kind(file, FileKind::safetensors);
  const std::string_view text = checked_header(file);
  const nlohmann::json header = parse_strict_json(text, header_subject(file), header_levels);
  std::map<std::string, std::string> metadata;
  if (header.contains(metadata_key)) metadata = read_metadata(file, header[metadata_key]);

  Faults faults;
  std::vector<Entry> entries = read_entries(header, faults);
  const std::span<const std::byte> data = file.bytes.subspan(length_bytes + text.size());
  std::uint64_t needed = 0;
  for (const Entry& entry : entries) needed = std::max(needed, entry.end);
  if (needed > data.size()) refuse_incomplete(file.path, needed - data.size());
  check_neighbours(entries, faults);
  faults.report(file.path);
  check_length(file, needed, data.size());

  std::vector<StoredTensor> tensors;
  for (Entry& entry : entries) {
    entry.tensor.bytes = data.subspan(entry.begin, entry.end - entry.begin);
    tensors.push_back(std::move(entry.tensor));
  }
  restore_quantized(file.path, metadata, tensors);
  return TensorFile(file.path, std::move(tensors), std::move(metadata), file.owner, file.mapped);
}

void write_safetensors(const std::string& path, const std::vector<StoredTensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[metadata_key] = metadata;
  std::uint64_t offset = 0;
  std::vector<std::vector<std::byte>> reordered;
  std::vector<std::span<const std::byte>> parts(2);
  for (const StoredTensor* tensor : writing_order(tensors)) {
    if (header.contains(tensor->name)) {
      fail(ErrorCode::internal, fmt::format("tensor {} is to be written twice to {}", tensor->name, path));
    }
    if (tensor->fortran_order) reordered.push_back(c_order_bytes(*tensor));
    parts.push_back(tensor->fortran_order ? std::span<const std::byte>(reordered.back()) : tensor->bytes);
    const std::uint64_t end = offset + parts.back().size();
    header[tensor->name] = {
        {"dtype", name_of(tensor->type)}, {"shape", tensor->shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }

  // Blanks after the header bring the data to the begin of a line of the cache.
  constexpr std::size_t line = 64;
  std::string text = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  text.resize((text.size() + length_bytes + line - 1) / line * line - length_bytes, ' ');
  const std::uint64_t length = text.size();
  parts[0] = std::as_bytes(std::span(&length, 1));
  parts[1] = std::as_bytes(std::span(text));
  replace_file(path, parts);
}

}  // namespace nightingale

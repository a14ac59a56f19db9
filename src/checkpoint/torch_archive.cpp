#include "checkpoint/torch_archive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include "base/failure.hpp"
#include "checkpoint/pickle.hpp"
#include "checkpoint/strided.hpp"
#include "checkpoint/zip_archive.hpp"

namespace nightingale {
namespace {

using Kind = PickleValue::Kind;

constexpr std::string_view rebuild_tensor = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view rebuild_parameter = "torch._utils._rebuild_parameter";

struct StorageFacts {
  std::string_view symbol;
  StoredType type;
};

constexpr std::array<StorageFacts, 10> storages = {{
    {"torch.DoubleStorage", StoredType::f64},
    {"torch.FloatStorage", StoredType::f32},
    {"torch.HalfStorage", StoredType::f16},
    {"torch.BFloat16Storage", StoredType::bf16},
    {"torch.LongStorage", StoredType::i64},
    {"torch.IntStorage", StoredType::i32},
    {"torch.ShortStorage", StoredType::i16},
    {"torch.CharStorage", StoredType::i8},
    {"torch.ByteStorage", StoredType::u8},
    {"torch.BoolStorage", StoredType::boolean},
}};

// All Python names that a pickle may mention.
constexpr auto known_symbols = [] {
  std::array<std::string_view, storages.size() + 3> symbols = {};
  for (std::size_t i = 0; i < storages.size(); ++i) symbols[i] = storages[i].symbol;
  symbols[storages.size()] = "collections.OrderedDict";
  symbols[storages.size() + 1] = rebuild_tensor;
  symbols[storages.size() + 2] = rebuild_parameter;
  return symbols;
}();

// Limits on what a small file may unfold to. Upstream's largest archive has a pickle of half a megabyte,
// names of 200 kB in all, three levels, and no tensor that must be copied.
constexpr std::size_t longest_pickle = std::size_t{4} << 20;
constexpr std::size_t most_text = std::size_t{64} << 20;
constexpr std::size_t most_copied = std::size_t{256} << 20;
constexpr int deepest = 32;
constexpr std::size_t entry_cost = 64;  // what a name costs beside its letters, about

[[noreturn]] void refuse(const std::string& path, const std::string& what,
                         const char* fix = "download or copy the file again") {
  fail(ErrorCode::file_invalid, fmt::format("{}: {}", path, what), fix);
}

// Everything that the bytes of the tensors point into.
struct KeptBytes {
  std::shared_ptr<const void> file;
  std::deque<std::vector<std::byte>> made;  // unpacked entries and copied tensors
};

struct Storage {
  StoredType type = StoredType::f32;
  std::span<const std::byte> bytes;
};

// Walks the pickle's values and collects the tensors and the metadata.
class Collector {
 public:
  Collector(const MappedFile& file, const ZipArchive& zip, std::string folder)
      : path_(file.path),
        zip_(zip),
        folder_(std::move(folder)),
        kept_(std::make_shared<KeptBytes>()) {
    kept_->file = file.owner;
  }

  TensorFile collect(std::span<const std::byte> pickle_bytes, const std::string& root_name) {
    const Pickle pickle = read_pickle(path_, pickle_bytes, known_symbols);
    const bool bare = pickle.root->kind == Kind::call;
    unfold(*pickle.root, bare ? root_name : "", 0);
    return TensorFile(path_, std::move(tensors_), std::move(metadata_), kept_);
  }

 private:
  void unfold(const PickleValue& value, const std::string& name, int depth) {
    if (depth > deepest) refuse(path_, fmt::format("its values nest deeper than {} levels", deepest));
    spend(name.size() + entry_cost);
    switch (value.kind) {
      case Kind::dictionary:
        for (std::size_t i = 0; i < value.items.size(); i += 2) {
          unfold(*value.items[i + 1], joined(name, key_text(*value.items[i])), depth + 1);
        }
        return;
      case Kind::list:
      case Kind::tuple:
        for (std::size_t i = 0; i < value.items.size(); ++i) {
          unfold(*value.items[i], joined(name, fmt::to_string(i)), depth + 1);
        }
        return;
      case Kind::call: add_tensor(value, name); return;
      case Kind::none: add_metadata(name, "None"); return;
      case Kind::boolean: add_metadata(name, value.integer ? "True" : "False"); return;
      case Kind::integer: add_metadata(name, fmt::to_string(value.integer)); return;
      case Kind::real: add_metadata(name, fmt::to_string(value.real)); return;
      case Kind::text: add_metadata(name, value.text); return;
      case Kind::symbol:
      case Kind::persistent: refuse(path_, fmt::format("{} is no tensor and no plain value", name));
    }
  }

  static std::string joined(const std::string& name, const std::string& child) {
    return name.empty() ? child : fmt::format("{}.{}", name, child);
  }

  std::string key_text(const PickleValue& key) const {
    if (key.kind == Kind::integer) return fmt::to_string(key.integer);
    if (key.kind != Kind::text) refuse(path_, "a dictionary has a key that is neither text nor integer");
    return std::string(key.text);
  }

  void add_metadata(const std::string& name, std::string_view text) {
    claim(name);
    spend(text.size());
    metadata_.emplace(name, text);
  }

  void add_tensor(const PickleValue& call, const std::string& name) {
    claim(name);
    const PickleValue* made = &call;
    // A parameter is a tensor with a flag: _rebuild_parameter(data, requires_grad, backward_hooks).
    if (call.text == rebuild_parameter && !arguments_of(call).empty()) made = arguments_of(call)[0];
    if (made->kind != Kind::call || made->text != rebuild_tensor) refuse_tensor(name);
    tensors_.push_back(read_tensor(arguments_of(*made), name));
  }

  static const std::vector<const PickleValue*>& arguments_of(const PickleValue& call) {
    return call.items[0]->items;
  }

  // _rebuild_tensor_v2(storage, storage_offset, size, stride, requires_grad, backward_hooks[, metadata]).
  StoredTensor read_tensor(const std::vector<const PickleValue*>& arguments, const std::string& name) {
    if (arguments.size() < 6 || arguments.size() > 7) refuse_tensor(name);
    StoredTensor tensor;
    tensor.name = name;
    const Storage storage = read_storage(*arguments[0], name);
    tensor.type = storage.type;
    tensor.shape = read_numbers(*arguments[2], name);
    const Strides strides = read_numbers(*arguments[3], name);
    if (arguments[1]->kind != Kind::integer || strides.size() != tensor.shape.size()) refuse_tensor(name);
    tensor.bytes = view(storage, arguments[1]->integer, tensor, strides);
    return tensor;
  }

  // The view's bytes in C order: a part of the storage, or a copy.
  std::span<const std::byte> view(const Storage& storage, std::int64_t offset, const StoredTensor& tensor,
                                  const Strides& strides) {
    std::uint64_t length = 0;
    if (!stored_byte_count(tensor.type, tensor.shape, length)) {
      refuse(path_, fmt::format("tensor {}: the size of its shape {} overflows", tensor.name,
                                shape_text(tensor.shape)));
    }
    if (length == 0) return {};
    const std::size_t size = size_of(storage.type);
    const std::int64_t elements = static_cast<std::int64_t>(storage.bytes.size() / size);
    if (offset < 0 || last_element(offset, tensor.shape, strides, elements) >= elements) {
      refuse(path_,
             fmt::format("tensor {} ({} {}, strides {}, offset {}) reaches beyond its storage of {} elements",
                         tensor.name, name_of(tensor.type), shape_text(tensor.shape), shape_text(strides),
                         offset, elements));
    }
    const auto start = storage.bytes.subspan(static_cast<std::size_t>(offset) * size);
    if (in_c_order(tensor.shape, strides)) return start.first(length);
    copied_ += length;
    if (length > most_copied || copied_ > most_copied) {
      refuse(path_,
             fmt::format("tensor {} {} would have to be copied into C order, and more than {} bytes with it",
                         tensor.name, shape_text(tensor.shape), most_copied),
             "save it with .contiguous()");
    }
    kept_->made.push_back(gather(start, size, tensor.shape, strides));
    return kept_->made.back();
  }

  // The highest place that the view touches; `elements`, which is one too many, as soon as it is reached.
  static std::int64_t last_element(std::int64_t offset, const std::vector<std::int64_t>& shape,
                                   const Strides& strides, std::int64_t elements) {
    std::int64_t last = offset;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      std::int64_t reach = 0;
      if (__builtin_mul_overflow(shape[axis] - 1, strides[axis], &reach)) return elements;
      if (__builtin_add_overflow(last, reach, &last)) return elements;
    }
    return last;
  }

  // Whether the strides are those of C order; an axis of length 1 may have any.
  static bool in_c_order(const std::vector<std::int64_t>& shape, const Strides& strides) {
    const Strides expected = c_strides(shape);
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      if (shape[axis] != 1 && strides[axis] != expected[axis]) return false;
    }
    return true;
  }

  // The persistent id of a storage: ("storage", torch.FloatStorage, key, location, element count).
  Storage read_storage(const PickleValue& value, const std::string& name) {
    const PickleValue* const identity = value.kind == Kind::persistent ? value.items[0] : nullptr;
    if (!identity || identity->kind != Kind::tuple || identity->items.size() != 5 ||
        identity->items[1]->kind != Kind::symbol || identity->items[2]->kind != Kind::text ||
        identity->items[4]->kind != Kind::integer) {
      refuse(path_, fmt::format("the storage of tensor {} is damaged", name));
    }
    const std::string_view symbol = identity->items[1]->text;
    const auto facts = std::find_if(storages.begin(), storages.end(),
                                    [&](const StorageFacts& known) { return known.symbol == symbol; });
    if (facts == storages.end()) refuse(path_, fmt::format("the storage of tensor {} is a {}", name, symbol));
    const std::string key(identity->items[2]->text);
    const std::span<const std::byte> bytes = storage_bytes(key, name);
    const std::int64_t claimed = identity->items[4]->integer;
    std::uint64_t needed = 0;
    if (!stored_byte_count(facts->type, {claimed}, needed) || needed != bytes.size()) {
      refuse(path_, fmt::format("the storage {} of tensor {} claims {} elements of {}, but has {} bytes", key,
                                name, claimed, name_of(facts->type), bytes.size()));
    }
    return {facts->type, bytes};
  }

  std::span<const std::byte> storage_bytes(const std::string& key, const std::string& name) {
    const auto read = read_storages_.find(key);
    if (read != read_storages_.end()) return read->second;
    const ZipArchive::Entry* const entry = zip_.find(fmt::format("{}data/{}", folder_, key));
    if (!entry)
      refuse(path_, fmt::format("the storage {} of tensor {} is missing from the archive", key, name));
    return read_storages_[key] = zip_.read(*entry, kept_->made);
  }

  std::vector<std::int64_t> read_numbers(const PickleValue& tuple, const std::string& name) const {
    std::vector<std::int64_t> numbers;
    if (tuple.kind != Kind::tuple) refuse_tensor(name);
    for (const PickleValue* const item : tuple.items) {
      if (item->kind != Kind::integer || item->integer < 0) refuse_tensor(name);
      numbers.push_back(item->integer);
    }
    return numbers;
  }

  [[noreturn]] void refuse_tensor(const std::string& name) const {
    refuse(path_, fmt::format("the pickle of tensor {} is damaged", name));
  }

  void claim(const std::string& name) {
    if (!names_.insert(name).second) refuse(path_, fmt::format("it names {} twice", name));
  }

  void spend(std::size_t text) {
    text_ += text;
    if (text_ > most_text)
      refuse(path_, fmt::format("its names and texts unfold to more than {} bytes", most_text));
  }

  const std::string& path_;
  const ZipArchive& zip_;
  std::string folder_;
  std::shared_ptr<KeptBytes> kept_;
  std::map<std::string, std::span<const std::byte>> read_storages_;
  std::set<std::string> names_;
  std::vector<StoredTensor> tensors_;
  std::map<std::string, std::string> metadata_;
  std::size_t text_ = 0;
  std::size_t copied_ = 0;
};

// The folder of all entries, "conds/": the one that holds data.pkl.
std::string folder_of(const MappedFile& file, const ZipArchive& zip) {
  constexpr std::string_view pickle_name = "data.pkl";
  const std::string* found = nullptr;
  for (const auto& [name, entry] : zip.entries()) {
    const bool matches = name == pickle_name || name.ends_with("/data.pkl");
    if (matches && found) refuse(file.path, fmt::format("it has two pickles, {} and {}", *found, name));
    if (matches) found = &name;
  }
  if (!found) {
    refuse(file.path, "it is a zip file, but no PyTorch archive: it has no data.pkl",
           "give the file torch.save wrote");
  }
  return found->substr(0, found->size() - pickle_name.size());
}

void check_byte_order(const MappedFile& file, const ZipArchive& zip, const std::string& folder,
                      KeptBytes& kept) {
  const ZipArchive::Entry* const entry = zip.find(folder + "byteorder");
  if (!entry) return;
  const std::span<const std::byte> bytes = zip.read(*entry, kept.made);
  const std::string_view order(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (order != "little")
    refuse(file.path, "it was saved on a big-endian machine", "save it again on a little-endian one");
}

}  // namespace

TensorFile read_torch_archive(const std::string& path) {
  return parse_torch_archive(map_file(path));
}

TensorFile parse_torch_archive(const MappedFile& file) {
  require_kind(file, FileKind::zip);
  const ZipArchive zip(file);
  const std::string folder = folder_of(file, zip);
  KeptBytes scratch;
  check_byte_order(file, zip, folder, scratch);
  const ZipArchive::Entry& entry = *zip.find(folder + "data.pkl");
  if (entry.unpacked > longest_pickle) {
    refuse(file.path,
           fmt::format("its pickle has {} bytes; more than {} are not read", entry.unpacked, longest_pickle));
  }
  const std::span<const std::byte> pickle = zip.read(entry, scratch.made);
  return Collector(file, zip, folder).collect(pickle, std::filesystem::path(file.path).stem().string());
}

}  // namespace nightingale

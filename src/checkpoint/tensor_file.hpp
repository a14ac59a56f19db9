// The common face of every file that holds named tensors: safetensors, npy, PyTorch archive, manifest.
//
// A reader checks its file completely and hands over a `TensorFile`; whoever binds weights sees names, types,
// shapes and bytes and never learns which format they came from. A manifest has everything but the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nightingale {

// The last two are matrices of few bits, see quantized_tensor.hpp.
enum class StoredType {
  f64,
  f32,
  f16,
  bf16,
  f8_e4m3,
  f8_e5m2,
  i64,
  i32,
  i16,
  i8,
  u8,
  boolean,
  i8_groups,
  i4_groups
};

// The name safetensors gives the type: "F32", "BF16", "F8_E4M3", "BOOL".
std::string_view name_of(StoredType type);
// Bytes of one element; those of a matrix of few bits are not of one size, and it is 1.
std::size_t size_of(StoredType type);
// The type of that name in a header, which no matrix of few bits has; returns false and leaves `type` alone
// when there is none.
bool stored_type_of(std::string_view name, StoredType& type);

// One tensor as it lies in a file. `bytes` is little-endian, holds exactly the product of the shape (of few
// bits: what their layout takes), may start at any address, lives as long as the `TensorFile` it came from,
// and is empty in a manifest.
struct StoredTensor {
  std::string name;
  StoredType type = StoredType::f32;
  std::vector<std::int64_t> shape;
  bool fortran_order = false;
  std::span<const std::byte> bytes;
  std::int64_t group = 0;  // of a matrix of few bits: columns that share a scale

  // The product of the shape; 1 for a scalar. Readers have made sure that it does not overflow.
  std::int64_t element_count() const;
};

// "[1, 564, 80]", as all errors print a shape.
std::string shape_text(const std::vector<std::int64_t>& shape);

// Bytes that a tensor of this type and shape takes; false when a size is negative or the product exceeds 2^63
// - 1.
bool stored_byte_count(StoredType type, const std::vector<std::int64_t>& shape, std::uint64_t& count);

// A checked file: its tensors in the order of the file, names unique. Copies share the mapped bytes.
class TensorFile {
 public:
  // `storage` keeps alive what the tensors' bytes point into; none means a manifest.
  // Precondition: names are unique.
  TensorFile(std::string path, std::vector<StoredTensor> tensors, std::map<std::string, std::string> metadata,
             std::shared_ptr<const void> storage, bool mapped = false);

  const std::string& path() const { return path_; }
  bool has_bytes() const { return storage_ != nullptr; }
  bool mapped() const { return mapped_; }  // the bytes are those of a file, which can be read again
  const std::vector<StoredTensor>& tensors() const { return tensors_; }
  // The tensor of that name, or null.
  const StoredTensor* find(std::string_view name) const;
  // What the file says of itself: `__metadata__` of safetensors, values of a PyTorch archive that are plain.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  std::string path_;
  std::vector<StoredTensor> tensors_;
  std::map<std::string, std::size_t, std::less<>> places_;
  std::map<std::string, std::string> metadata_;
  std::shared_ptr<const void> storage_;
  bool mapped_;
};

// The values in C order, whatever the stored order and type. Floats of 16 and 8 bits convert exactly. Refused
// (file_invalid): a tensor without bytes, and a value that the result cannot hold: an integer that a float
// would round, a fraction or NaN where integers are read, a double beyond the range of float. A double within
// it rounds to the nearest float.
std::vector<double> to_double(const StoredTensor& tensor);
std::vector<float> to_float(const StoredTensor& tensor);
std::vector<std::int64_t> to_integers(const StoredTensor& tensor);

}  // namespace nightingale

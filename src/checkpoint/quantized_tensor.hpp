// Matrices of few bits in a safetensors file.
//
// The numbers, scales and minima of one matrix (tensor/quantized.hpp) lie end to end in one tensor of bytes
// that has the matrix's own name, in the order in which the products read them; what they are says the
// metadata:
//
//   "nightingale.quantized": "{\"speech_head.weight\": {\"precision\": \"int8\", \"shape\": [8194, 1024],
//   \"group\": 64}}"
//
// A reader makes of it a tensor of that shape whose type is i8_groups or i4_groups; whoever asks for its
// values gets what the numbers stand for.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/tensor_file.hpp"
#include "tensor/quantized.hpp"

namespace nightingale {

// Whether a type is that of a matrix of few bits.
bool is_quantized(StoredType type);

// Gives the tensors that the metadata names their shape and type. Throws Failure (file_invalid) when the
// metadata is damaged, or names a tensor that is missing or of another length.
void restore_quantized(const std::string& path, const std::map<std::string, std::string>& metadata,
                       std::vector<StoredTensor>& tensors);

// Where a matrix of few bits lies; nothing for any other tensor, and for one whose scales lie at an odd
// address.
std::optional<QuantizedView> quantized_view(const StoredTensor& tensor);

// Collects matrices for a file that is written.
class QuantizedTensors {
 public:
  // Adds a matrix; its bytes live as long as this.
  StoredTensor add(const std::string& name, const Quantized& matrix);
  // The metadata's entry: its key and its text.
  std::pair<std::string, std::string> metadata() const;

 private:
  std::vector<std::vector<std::byte>> bytes_;
  std::map<std::string, QuantizedLayout> layouts_;
};

}  // namespace nightingale

// What the fuzzers of file readers share: a refusal is well, anything accepted is read to its last byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "base/failure.hpp"
#include "checkpoint/mapped_file.hpp"
#include "checkpoint/tensor_file.hpp"

namespace nightingale::fuzz {

inline MappedFile file_of(const std::uint8_t* data, std::size_t size) {
  return borrow_bytes("fuzz", std::as_bytes(std::span(data, size)));
}

// Reads all values of all tensors; a tensor whose bytes do not fit its shape ends the fuzzer.
template <typename Read>
void touch(Read&& read) {
  try {
    const TensorFile file = read();
    for (const StoredTensor& tensor : file.tensors()) {
      const auto count = static_cast<std::size_t>(tensor.element_count());
      if (tensor.bytes.size() != count * size_of(tensor.type)) std::abort();
      if (file.find(tensor.name) != &tensor) std::abort();
      if (to_double(tensor).size() != count) std::abort();
    }
  } catch (const Failure& failure) {
    if (failure.error().sentence.empty()) std::abort();
  }
}

}  // namespace nightingale::fuzz

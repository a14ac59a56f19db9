#include "checkpoint/strided.hpp"

#include <cstring>

namespace nightingale {

Strides c_strides(const std::vector<std::int64_t>& shape) {
  Strides strides(shape.size(), 1);
  for (std::size_t axis = shape.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
  return strides;
}

Strides fortran_strides(const std::vector<std::int64_t>& shape) {
  Strides strides(shape.size(), 1);
  for (std::size_t axis = 1; axis < shape.size(); ++axis) strides[axis] = strides[axis - 1] * shape[axis - 1];
  return strides;
}

std::vector<std::byte> gather(std::span<const std::byte> bytes, std::size_t element_size,
                              const std::vector<std::int64_t>& shape, const Strides& strides) {
  std::size_t count = 1;
  for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
  std::vector<std::byte> gathered(count * element_size);
  std::vector<std::int64_t> index(shape.size(), 0);
  std::int64_t place = 0;
  for (std::size_t element = 0; element < count; ++element) {
    std::memcpy(gathered.data() + element * element_size,
                bytes.data() + static_cast<std::size_t>(place) * element_size, element_size);
    // Count the index up like an odometer: the last axis turns fastest.
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      place += strides[axis];
      if (++index[axis] < shape[axis]) break;
      place -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return gathered;
}

std::vector<std::byte> c_order_bytes(const StoredTensor& tensor) {
  if (!tensor.fortran_order) return {tensor.bytes.begin(), tensor.bytes.end()};
  return gather(tensor.bytes, size_of(tensor.type), tensor.shape, fortran_strides(tensor.shape));
}

}  // namespace nightingale

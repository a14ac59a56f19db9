// Elements that lie in another order than C: Fortran order, transposed or sliced views.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "checkpoint/tensor_file.hpp"

namespace nightingale {

// Strides in elements, one for each axis.
using Strides = std::vector<std::int64_t>;

Strides c_strides(const std::vector<std::int64_t>& shape);
Strides fortran_strides(const std::vector<std::int64_t>& shape);

// The elements of a strided view, copied into C order. The first element of the view is the first of `bytes`.
// Precondition: every element of the view lies within `bytes`.
std::vector<std::byte> gather(std::span<const std::byte> bytes, std::size_t element_size,
                              const std::vector<std::int64_t>& shape, const Strides& strides);

// The tensor's bytes, copied into C order.
std::vector<std::byte> c_order_bytes(const StoredTensor& tensor);

}  // namespace nightingale

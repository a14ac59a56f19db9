// NumPy's .npy: a magic, a version, a header written as a Python dictionary, one array.
//
//   \x93NUMPY 1 0 <length> {'descr': '<f4', 'fortran_order': False, 'shape': (1, 564, 80), }
//
// Source: numpy/lib/format.py, versions 1.0, 2.0 and 3.0. Odd: the array may lie in Fortran order; readers of
// values turn it. The header is not evaluated but read by a parser that knows these three keys alone.
#pragma once

#include <string>

#include "checkpoint/mapped_file.hpp"
#include "checkpoint/tensor_file.hpp"

namespace nightingale {

// One tensor, named like the file without folder and ending.
TensorFile read_npy(const std::string& path);
TensorFile parse_npy(const MappedFile& file);

// Writes version 1.0, in the order the tensor has. bf16 is refused: NumPy has no such type.
void write_npy(const std::string& path, const StoredTensor& tensor);

}  // namespace nightingale

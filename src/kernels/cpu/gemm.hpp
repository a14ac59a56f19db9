// Matrix products by oneDNN, on the thread that calls: rows × depth times depth × columns.
//
// Measured on an EPYC of two cores (float32, peak 230 GFLOP/s): oneDNN's plain product on row tiles inside
// our own parallel region reaches what its matmul and convolution primitives reach, works on strided data
// without copies, and has nothing to create for each new length. A convolution primitive took up to 250 ms to
// create.
#pragma once

#include <cstdint>

namespace nightingale::cpu {

// Row-major numbers; `stride` is the distance from a row to the next.
struct ConstMatrix {
  const float* data;
  std::int64_t stride;
};
struct Matrix {
  float* data;
  std::int64_t stride;
};

struct GemmSizes {
  std::int64_t rows, columns, depth;
};

enum class Right { as_is, transposed };  // transposed: the right operand is stored columns × depth
enum class Store { assign, accumulate };

// out = left · right, or out += left · right. Call it inside a region of parallel.hpp.
void gemm(const GemmSizes& sizes, const ConstMatrix& left, const ConstMatrix& right, Right form,
          const Matrix& out, Store store = Store::assign);

}  // namespace nightingale::cpu

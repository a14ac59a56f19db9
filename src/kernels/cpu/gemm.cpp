// See gemm.hpp.
#include "kernels/cpu/gemm.hpp"

#include <dnnl.h>

#include <algorithm>
#include <string>

#include "base/failure.hpp"

namespace nightingale::cpu {

void gemm(const GemmSizes& sizes, const ConstMatrix& left, const ConstMatrix& right, Right form,
          const Matrix& out, Store store) {
  const auto [rows, columns, depth] = sizes;
  if (rows == 0 || columns == 0) return;
  if (depth == 0) {
    if (store == Store::accumulate) return;
    for (std::int64_t row = 0; row < rows; ++row) std::fill_n(out.data + row * out.stride, columns, 0.0F);
    return;
  }
  const dnnl_status_t status = dnnl_sgemm('N', form == Right::transposed ? 'T' : 'N', rows, columns, depth,
                                          1.0F, left.data, left.stride, right.data, right.stride,
                                          store == Store::accumulate ? 1.0F : 0.0F, out.data, out.stride);
  if (status != dnnl_success) {
    fail(ErrorCode::internal, "oneDNN refused a product of " + std::to_string(rows) + " × " +
                                  std::to_string(depth) + " × " + std::to_string(columns) + " (status " +
                                  std::to_string(status) + ")");
  }
}

}  // namespace nightingale::cpu

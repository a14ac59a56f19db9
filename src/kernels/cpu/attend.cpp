// See attend.hpp.
#include "kernels/cpu/attend.hpp"

#include <algorithm>

#include "kernels/cpu/softmax.hpp"

namespace nightingale::cpu {

void attend_with_scores(const Head& head, const Matrix& scores, std::int64_t rows, Seen seen, float scale,
                        const Matrix& out) {
  float sums[attention_rows];
  for (std::int64_t r = 0; r < rows; ++r) {
    float* row = scores.data + r * scores.stride;
    const std::int64_t visible = seen.visible + r * seen.more;
    sums[r] = soften(row, visible, scale);
    std::fill(row + visible, row + head.count, 0.0F);
  }
  gemm({rows, head.width, head.count}, {scores.data, scores.stride}, head.values, Right::as_is, out);
  for (std::int64_t r = 0; r < rows; ++r) {
    multiply_by(1.0F / sums[r], out.data + r * out.stride, head.width);
  }
}

void attend(const Head& head, const ConstMatrix& query, std::int64_t rows, Seen seen, float scale,
            const Matrix& scores, const Matrix& out) {
  gemm({rows, head.count, head.width}, query, head.keys, Right::transposed, scores);
  attend_with_scores(head, scores, rows, seen, scale, out);
}

}  // namespace nightingale::cpu

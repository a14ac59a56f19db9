// See attend.hpp.
#include "kernels/cpu/attend.hpp"

#include <algorithm>

#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/softmax.hpp"
#include "kernels/cpu/transpose.hpp"

namespace nightingale::cpu {

void turn_heads(int threads, const Tensor& x, float* to) {
  const std::size_t row_axis = x.shape().rank() - 3;
  const std::int64_t rows = x.shape().count(row_axis), heads = x.shape().count(row_axis + 1);
  const std::int64_t width = x.shape().count(row_axis + 2), all = x.shape().elements();
  const std::int64_t pairs = all == 0 ? 0 : all / (rows * width);  // of batch and head
  share(threads, pairs, 2 * rows * width, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t pair = first; pair < last; ++pair) {
      const float* head = x.data<float>() + (pair / heads * rows * heads + pair % heads) * width;
      transpose(head, heads * width, rows, width, to + pair * rows * width);
    }
  });
}

void attend_with_scores(const Head& head, const Matrix& scores, std::int64_t rows, Seen seen, float scale,
                        const Matrix& out) {
  float sums[attention_rows];
  for (std::int64_t r = 0; r < rows; ++r) {
    float* row = scores.data + r * scores.stride;
    const std::int64_t visible = seen.visible + r * seen.more;
    sums[r] = soften(row, visible, scale);
    std::fill(row + visible, row + head.count, 0.0F);
  }
  gemm({rows, head.width, head.count}, {scores.data, scores.stride}, head.values, out);
  for (std::int64_t r = 0; r < rows; ++r) {
    multiply_by(1.0F / sums[r], out.data + r * out.stride, head.width);
  }
}

void attend(const Head& head, const ConstMatrix& query, std::int64_t rows, Seen seen, float scale,
            const Matrix& scores, const Matrix& out) {
  gemm({rows, head.count, head.width}, query, head.keys, scores);
  attend_with_scores(head, scores, rows, seen, scale, out);
}

}  // namespace nightingale::cpu

// Attention of one tile of query rows of one head: all scores of the tile lie in the second-level cache, so
// that the whole score matrix is never written.
#pragma once

#include <cstdint>

#include "kernels/cpu/gemm.hpp"
#include "tensor/tensor.hpp"

namespace nightingale::cpu {

// Query rows of a tile.
constexpr std::int64_t attention_rows = 96;

// One head: keys are turned over, [width, count], so that they are the right side of a product; values are
// [count, width].
struct Head {
  ConstMatrix keys, values;
  std::int64_t count, width;
};

// x [batch, row, head, width], or without a batch, to [batch, head, width, row].
void turn_heads(int threads, const Tensor& x, float* to);

// scores [rows, stride] → weights → out. Row r uses its first `visible` + r·`more` keys (more is 1 where a
// row sees itself and what came before, 0 where every row sees all).
struct Seen {
  std::int64_t visible;
  std::int64_t more;
};

void attend_with_scores(const Head& head, const Matrix& scores, std::int64_t rows, Seen seen, float scale,
                        const Matrix& out);

// The same with scores = query · keys, computed into `scores`.
void attend(const Head& head, const ConstMatrix& query, std::int64_t rows, Seen seen, float scale,
            const Matrix& scores, const Matrix& out);

}  // namespace nightingale::cpu

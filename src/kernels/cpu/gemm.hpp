// Matrix products on the thread that calls: rows × depth times depth × columns, strided, nothing copied.
//
// A tile of the result, six rows by four registers, stays in registers while the depth passes. On an EPYC of
// two cores (peak 256 GFLOP/s) tiles alone reach 235, whole layers 170 to 220, narrow ones included. oneDNN's
// product gave the same layers 0 to 15 % less; its convolution primitives were as fast but took up to 250 ms
// to create for each new length. So these lines replace the library.
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

// A right side that is stored in strips of this many columns, each without gaps, is read fastest.
constexpr std::int64_t strip = 64;

// So many columns are multiplied at a time where registers are fewer; in panels of them a right side is read
// fastest by every machine.
constexpr std::int64_t panel = 16;

enum class Store { assign, accumulate };

// out = left · right, or out += left · right; left [rows, depth], right [depth, columns]. A row of the result
// has the same bits whichever rows come with it.
void gemm(const GemmSizes& sizes, const ConstMatrix& left, const ConstMatrix& right, const Matrix& out,
          Store store = Store::assign);

// Parts of a sum of products: each is so many numbers behind the one before.
struct Parts {
  std::int64_t count, left_step, right_step;
};

// out = Σ_part left_part · right_part, which stays in registers for all parts. The right sides are stored in
// panels, [panel of columns, depth, column of the panel]; columns are a multiple of a panel.
void gemm_parts(const GemmSizes& sizes, const Parts& parts, const ConstMatrix& left, const float* right,
                const Matrix& out);

}  // namespace nightingale::cpu

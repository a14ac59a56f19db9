// Attention by bytes: scores and weights are sums of whole numbers, the softmax between them is float.
//
// Of the keys their mean is taken away first: it adds the same to all scores of a row, which a softmax does
// not see, and what is left rounds finer (SageAttention, arXiv 2410.02367).
#pragma once

#include <cstdint>

#include "kernels/cpu/gemm.hpp"

namespace nightingale::cpu {

// Query rows of a tile: few enough that their scores stay in the second-level cache.
constexpr std::int64_t byte_attention_rows = 48;

struct ByteHead {
  const float* keys;    // [count, stride], the first `width` of each
  const float* values;  // the same
  std::int64_t stride, count, width;
};

// Whether these sizes are worth rounding the keys and values for.
bool byte_attention_pays(std::int64_t rows, std::int64_t count, std::int64_t width);

// Floats for a head's keys and values as matrices of bytes, and of scratch for one call of what follows.
std::int64_t floats_of_byte_head(std::int64_t count, std::int64_t width);
std::int64_t floats_of_byte_scratch(std::int64_t count, std::int64_t width);

void round_head(const ByteHead& head, float* scratch, float* to);

// `rows` query rows, at most byte_attention_rows; `rounded` is what round_head made.
void attend_by_bytes(const ByteHead& head, const float* rounded, const ConstMatrix& query, std::int64_t rows,
                     float scale, float* scratch, const Matrix& out);

}  // namespace nightingale::cpu

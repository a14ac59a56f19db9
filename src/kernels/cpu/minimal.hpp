// Minimal filtering (Toom and Cook, Winograd): four rows of a convolution with four taps by seven products
// instead of sixteen; longer filters are sums of such groups, and a third tap alone takes six of twelve.
//
// The rows are those of one remainder of the dilation d: position p = (block b, remainder r), p = b·d + r,
// makes the rows t + i·d of the result, i < 4, t = 4d·b + r. With s_k = x[t + k·d − pad_left] and three pairs
// of points ±p, for each of which q and w are the others:
//
//   seen_±p = even ± odd/p       even = s4 − (q² + w²)·s2 + (qw)²·s0       odd = s5 − (q² + w²)·s3 + (qw)²·s1
//   taps_±p = (g0 ± p·g1 + p²·g2 ± p³·g3)/(2·(p² − q²)·(p² − w²))
//   seen_∞  = s6 − (p² + q² + w²)·s4 + ((pq)² + (pw)² + (qw)²)·s2 − (pqw)²·s0        taps_∞ = g3
//   m_j = Σ_group seen_j[p + group·d] · taps_j
//   out[t + i·d] = Σ_p (m_p + (−1)^i·m_−p)·p^i, and m_∞ once for i = 3
//
// These are the values of the polynomials whose product the convolution is, transposed. What one group sees
// is what the group before it sees d positions later, so the rows are combined once for all groups, and the
// products are summed before they are combined. The result is 5e-7 of its size from the exact one, where the
// products summed in turn give 2e-7.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/cpu/taps.hpp"

namespace nightingale::cpu {

// Wide enough that the products cost far more than the sums around them.
bool minimal_pays(const PackedTaps& packed);

// The taps' values: [group, point, panel of out (gemm.hpp), in, out of the panel].
std::vector<float> taps_at_points(const PackedTaps& packed);

struct MinimalSum {
  const float* x;
  std::int64_t in_rows, pad_left, dilation;
  const PackedTaps& packed;
  float* out;
  std::int64_t out_rows;
  Finish finish;
};

std::int64_t positions_of(std::int64_t out_rows, std::int64_t dilation);
// How many positions one call does; as tile_of, it does not depend on the number of threads.
std::int64_t minimal_tile(std::int64_t positions);
// Numbers that one call needs.
std::int64_t minimal_scratch(const MinimalSum& sum, std::int64_t tile);

// Positions [first, last).
void sum_minimal(const MinimalSum& sum, std::int64_t first, std::int64_t last, float* scratch);

}  // namespace nightingale::cpu

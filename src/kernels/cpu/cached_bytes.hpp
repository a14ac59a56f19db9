// The keys and values of one head in bytes: a quarter of float32, for a decoder whose weights are of few
// bits.
//
// Each row has a scale of its own, in float. Its numbers lie where a matrix of few bits would have them
// (tensor/quantized.hpp), so that 16 keys give 16 scores at once, and 64 values at a time are added up in 16
// channels:
//
//   keys     [strip of rows, quad of channels, row 16, channel 4]
//   values   [strip of channels, group of 64 rows, quad of rows, channel 16, row 4]
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nightingale::cpu {

// A head of these sizes as bytes: the scales of the keys and of the values, the keys, the values.
struct CachedBytesLayout {
  static constexpr std::int64_t most_width = 256;

  std::int64_t width;      // channels
  std::int64_t rows;       // at most, whole groups
  std::int64_t key_group;  // channels, filled up to what a kernel takes at a time

  CachedBytesLayout(std::int64_t width, std::int64_t most_rows);
  std::int64_t bytes() const;  // of a head, whole lines of the cache

  std::vector<std::uint16_t> ones;  // the scales of a strip of values
};

// A head at its place in a cache.
class CachedBytes {
 public:
  CachedBytes(const CachedBytesLayout& layout, std::byte* at);

  void append(std::int64_t row, const float* key, const float* value) const;
  // The first rows of another head of the same width.
  void take_over(const CachedBytes& other, std::int64_t taken) const;
  // out [width] = Σ_j softmax_j(scale · query·key_j) · value_j over the first `visible` rows.
  void attend(const float* query, std::int64_t visible, float scale, float* scratch, float* out) const;
  // The first `count` rows as the floats that they stand for: the keys turned over, [width, count], and
  // behind them the values, [count, width], whose place is returned. `scratch` holds count · width floats.
  const float* turn(std::int64_t count, float* scratch, float* turned) const;

  static std::int64_t floats_to_attend(std::int64_t visible);
  static std::int64_t floats_of_turned(std::int64_t width, std::int64_t count) { return 2 * width * count; }

 private:
  std::int64_t key_at(std::int64_t row, std::int64_t channel) const;
  std::int64_t value_at(std::int64_t row, std::int64_t channel) const;

  const CachedBytesLayout& layout_;
  float *key_scales_, *value_scales_;
  std::uint8_t *keys_, *values_;
};

}  // namespace nightingale::cpu

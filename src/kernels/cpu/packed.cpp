// See packed.hpp.
#include "kernels/cpu/packed.hpp"

#include <algorithm>

#include "kernels/cpu/gemm.hpp"

namespace nightingale::cpu {

std::shared_ptr<const PackedPlane> packed_plane(const Weight& weight) {
  if (weight->prepared) return std::static_pointer_cast<const PackedPlane>(weight->prepared);
  const Shape shape = weight.shape().resolved();
  auto packed = std::make_shared<PackedPlane>();
  packed->out = shape.count(0);
  packed->in = shape.count(1);
  packed->column_taps = shape.count(2);
  packed->row_taps = shape.count(3);
  packed->numbers.reserve(weight->values.size());
  const auto at = [&](std::int64_t out, std::int64_t in, std::int64_t column, std::int64_t row) {
    return ((out * packed->in + in) * packed->column_taps + column) * packed->row_taps + row;
  };
  for (std::int64_t first = 0; first < packed->out; first += strip) {
    const std::int64_t last = std::min(first + strip, packed->out);
    for (std::int64_t row = 0; row < packed->row_taps; ++row) {
      for (std::int64_t column = 0; column < packed->column_taps; ++column) {
        for (std::int64_t in = 0; in < packed->in; ++in) {
          for (std::int64_t out = first; out < last; ++out) {
            packed->numbers.push_back(weight.values()[at(out, in, column, row)]);
          }
        }
      }
    }
  }
  return packed;
}

std::shared_ptr<const std::vector<float>> packed_depthwise(const Weight& weight) {
  if (weight->prepared) return std::static_pointer_cast<const std::vector<float>>(weight->prepared);
  const Shape shape = weight.shape().resolved();
  const std::int64_t channels = shape.count(0), taps = shape.count(2);
  auto packed = std::make_shared<std::vector<float>>();
  packed->reserve(weight->values.size());
  for (std::int64_t tap = 0; tap < taps; ++tap) {
    for (std::int64_t channel = 0; channel < channels; ++channel) {
      packed->push_back(weight.values()[channel * taps + tap]);
    }
  }
  return packed;
}

}  // namespace nightingale::cpu

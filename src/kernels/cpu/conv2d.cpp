// conv2d: out[r, c] = Σ_taps x[r·stride + …, c·stride + …] · weight_tap, a plane's channels innermost.
//
// The planes are narrow (32 channels): what the taps of a position see is gathered side by side, so that one
// product runs over all of them.
#include <algorithm>
#include <vector>

#include "kernels/cpu/gemm.hpp"
#include "kernels/cpu/packed.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/substrate.hpp"

namespace nightingale {

namespace {

constexpr std::int64_t tile_positions = 96;  // what they see stays in the second-level cache

struct Plane {
  std::int64_t rows, columns, channels;
  explicit Plane(const Shape& shape)
      : rows(shape.count(1)),
        columns(shape.count(2)),
        channels(shape.count(3)) {}
  std::int64_t size() const { return rows * columns; }
};

// What every tap of one position sees, zeros outside the plane: [row tap, column tap, in].
void gather(const float* x, const Plane& plane, const cpu::PackedPlane& weight,
            const PlaneConvolution& geometry, std::int64_t row, std::int64_t column, float* to) {
  for (std::int64_t tr = 0; tr < weight.row_taps; ++tr) {
    const std::int64_t r = row * geometry.row.stride + tr * geometry.row.dilation - geometry.row.pad_left;
    for (std::int64_t tc = 0; tc < weight.column_taps; ++tc, to += plane.channels) {
      const std::int64_t c =
          column * geometry.column.stride + tc * geometry.column.dilation - geometry.column.pad_left;
      if (r < 0 || r >= plane.rows || c < 0 || c >= plane.columns) {
        std::fill_n(to, plane.channels, 0.0F);
      } else {
        std::copy_n(x + (r * plane.columns + c) * plane.channels, plane.channels, to);
      }
    }
  }
}

}  // namespace

void Cpu::do_conv2d(const Tensor& x, const Weight& weight, const PlaneConvolution& geometry, Tensor& out) {
  const auto packed = cpu::packed_plane(weight);
  const Plane from(x.shape()), to(out.shape());
  const std::int64_t depth = packed->depth(), tiles = (to.size() + tile_positions - 1) / tile_positions;
  const auto memory = scratch(threads_ * tile_positions * depth);
  float* seen = reinterpret_cast<float*>(memory.get());
  cpu::take_turns(threads_, x.shape().count(0) * tiles, [&](std::int64_t task, int thread) {
    const std::int64_t item = task / tiles, first = task % tiles * tile_positions;
    const std::int64_t positions = std::min(tile_positions, to.size() - first);
    const float* plane = x.data<float>() + item * from.size() * from.channels;
    float* tile = seen + thread * tile_positions * depth;
    for (std::int64_t p = 0; p < positions; ++p) {
      const std::int64_t at = first + p;
      gather(plane, from, *packed, geometry, at / to.columns, at % to.columns, tile + p * depth);
    }
    float* result = out.data<float>() + (item * to.size() + first) * to.channels;
    for (std::int64_t o = 0; o < to.channels; o += cpu::strip) {
      const std::int64_t width = std::min(cpu::strip, to.channels - o);
      cpu::gemm({positions, width, depth}, {tile, depth}, {packed->numbers.data() + o * depth, width},
                {result + o, to.channels});
    }
  });
}

}  // namespace nightingale

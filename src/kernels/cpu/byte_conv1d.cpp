// See byte_conv1d.hpp. The copies cost a twentieth of the products, and any dilation is the same. The stride
// is 1.
#include "kernels/cpu/byte_conv1d.hpp"

#include <algorithm>

#include "kernels/cpu/finish.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/quantized.hpp"

namespace nightingale::cpu {

namespace {

constexpr std::int64_t tile_rows = 96;  // of the result, whose bytes stay in cache while all strips pass

std::int64_t taps_of(const Weight& weight) {
  return weight.shape().resolved().count(2);
}

// One tap of one row: the channels, filled up to whole groups.
QuantizedLayout layout_of_tap(const Weight& weight) {
  const Shape shape = weight.shape().resolved();
  return layout_of(Precision::int8, shape.count(0), shape.count(1));
}

std::int64_t batches(const ByteConv1d& conv) {
  return conv.x.shape().count(0);
}
std::int64_t in_rows(const ByteConv1d& conv) {
  return conv.x.shape().count(1);
}
std::int64_t out_rows(const ByteConv1d& conv) {
  return conv.out.shape().count(1);
}

// Row `from` of x, or zeros where x has none, to tap `tap` of row `to`.
void copy_tap(const ByteRows& x, std::int64_t from, bool there, const ByteRows& side_by_side, std::int64_t to,
              std::int64_t tap) {
  std::int8_t* numbers = side_by_side.numbers + to * side_by_side.columns + tap * x.columns;
  float* scales = side_by_side.scales + to * side_by_side.groups + tap * x.groups;
  std::int32_t* sums = side_by_side.sums + to * side_by_side.groups + tap * x.groups;
  if (there) {
    std::copy_n(x.numbers + from * x.columns, x.columns, numbers);
    std::copy_n(x.scales + from * x.groups, x.groups, scales);
    std::copy_n(x.sums + from * x.groups, x.groups, sums);
  } else {
    std::fill_n(numbers, x.columns, std::int8_t{0});
    std::fill_n(scales, x.groups, 0.0F);
    std::fill_n(sums, x.groups, 0);
  }
}

// Rows [first, first + rows.rows) of one item of the batch.
void gather(const ByteConv1d& conv, const ByteRows& x, std::int64_t batch, std::int64_t first,
            const ByteRows& rows) {
  const std::int64_t taps = taps_of(conv.weight), height = in_rows(conv);
  for (std::int64_t r = 0; r < rows.rows; ++r) {
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      const std::int64_t from = first + r + tap * conv.shape.dilation - conv.shape.pad_left;
      copy_tap(x, batch * height + from, from >= 0 && from < height, rows, r, tap);
    }
  }
}

}  // namespace

QuantizedLayout layout_of_taps(const Weight& weight) {
  QuantizedLayout layout = layout_of_tap(weight);
  layout.columns = layout.groups() * layout.group * taps_of(weight);
  return layout;
}

std::vector<float> rows_of_taps(const Weight& weight) {
  const QuantizedLayout layout = layout_of_taps(weight);
  const std::int64_t in = layout_of_tap(weight).columns, taps = taps_of(weight);
  std::vector<float> rows(static_cast<std::size_t>(layout.rows * layout.columns));
  for (std::int64_t out = 0; out < layout.rows; ++out) {
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      float* to = rows.data() + out * layout.columns + tap * (layout.columns / taps);
      const float* from = weight.values() + out * in * taps + tap;
      for (std::int64_t i = 0; i < in; ++i) to[i] = from[i * taps];
    }
  }
  return rows;
}

std::int64_t floats_of_byte_conv1d(int threads, const ByteConv1d& conv) {
  return floats_of_byte_rows(batches(conv) * in_rows(conv), layout_of_tap(conv.weight)) +
         threads * floats_of_byte_rows(tile_rows, conv.weight->few_bits->layout);
}

void conv1d_by_bytes(int threads, const ByteConv1d& conv, float* scratch) {
  const QuantizedView& matrix = *conv.weight->few_bits;
  const QuantizedLayout of_tap = layout_of_tap(conv.weight);
  const std::int64_t channels = matrix.layout.rows, rows = out_rows(conv);
  const std::int64_t all_rows = batches(conv) * in_rows(conv);
  const ByteRows x = byte_rows_at(scratch, all_rows, of_tap);
  float* own = scratch + floats_of_byte_rows(all_rows, of_tap);
  round_rows(threads, conv.x.data<float>(), of_tap.columns, of_tap.group, x);
  const Finish finish_all{conv.bias, conv.fused.then,
                          conv.fused.add ? conv.fused.add->data<float>() : nullptr, channels};
  const std::int64_t tiles = (rows + tile_rows - 1) / tile_rows;
  take_turns(threads, batches(conv) * tiles, [&](std::int64_t task, int thread) {
    const std::int64_t batch = task / tiles, first = task % tiles * tile_rows;
    float* at = own + thread * floats_of_byte_rows(tile_rows, matrix.layout);
    const ByteRows tile = byte_rows_at(at, std::min(tile_rows, rows - first), matrix.layout);
    gather(conv, x, batch, first, tile);
    float* out = conv.out.data<float>() + (batch * rows + first) * channels;
    multiply_quantized(tile, matrix, 0, matrix.layout.strips(), out, channels);
    finish(finish_all.at(batch * rows + first, 0), tile.rows, channels, {out, channels});
  });
}

}  // namespace nightingale::cpu

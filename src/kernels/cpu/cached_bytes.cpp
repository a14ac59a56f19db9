// See cached_bytes.hpp. The strips' own scales are ones: a row's scale multiplies its score and its weight.
#include "kernels/cpu/cached_bytes.hpp"

#include <algorithm>
#include <array>

#include "kernels/cpu/quantized.hpp"
#include "kernels/cpu/softmax.hpp"
#include "kernels/cpu/transpose.hpp"

namespace nightingale::cpu {

namespace {

constexpr std::int64_t lanes = QuantizedLayout::strip, quad = QuantizedLayout::quad;
constexpr std::int64_t value_group = 64;  // rows

std::uint8_t unsigned_of(std::int8_t number) {
  return static_cast<std::uint8_t>(number + QuantizedLayout::int8_zero);
}

// What weighs `visible` values is rounded as a row of so many columns.
QuantizedLayout value_layout(std::int64_t visible) {
  return {.precision = Precision::int8, .rows = 0, .columns = visible, .group = value_group};
}

// A row of a head as bytes, in one group.
struct RoundedRow {
  std::array<std::int8_t, CachedBytesLayout::most_width> numbers;
  float scale = 0;
  std::int32_t sum = 0;

  RoundedRow(const float* x, std::int64_t width, std::int64_t group, float most = most_byte) {
    strip_kernels().round(x, {width, group, most, numbers.data(), &scale, &sum});
  }
};

}  // namespace

CachedBytesLayout::CachedBytesLayout(std::int64_t of_width, std::int64_t most_rows)
    : width(of_width),
      rows(rounded_up(most_rows, value_group)),
      key_group(rounded_up(of_width, of_width > 32 ? 64 : 32)),
      ones(static_cast<std::size_t>(rows / value_group * lanes), to_bfloat16(1)) {}

std::int64_t CachedBytesLayout::bytes() const {
  constexpr std::int64_t scales = 2 * sizeof(float);
  return rows * (scales + key_group + rounded_up(width, lanes));
}

CachedBytes::CachedBytes(const CachedBytesLayout& layout, std::byte* at)
    : layout_(layout),
      key_scales_(reinterpret_cast<float*>(at)),
      value_scales_(key_scales_ + layout.rows),
      keys_(reinterpret_cast<std::uint8_t*>(value_scales_ + layout.rows)),
      values_(keys_ + layout.rows * layout.key_group) {}

std::int64_t CachedBytes::floats_to_attend(std::int64_t visible) {
  return rounded_up(visible, value_group) + floats_of_byte_rows(1, value_layout(visible));
}

std::int64_t CachedBytes::key_at(std::int64_t row, std::int64_t channel) const {
  return row / lanes * lanes * layout_.key_group + (channel / quad * lanes + row % lanes) * quad +
         channel % quad;
}

std::int64_t CachedBytes::value_at(std::int64_t row, std::int64_t channel) const {
  return channel / lanes * lanes * layout_.rows + (row / quad * lanes + channel % lanes) * quad + row % quad;
}

void CachedBytes::append(std::int64_t row, const float* key, const float* value) const {
  const RoundedRow of_key(key, layout_.width, layout_.key_group);
  const RoundedRow of_value(value, layout_.width, layout_.key_group);
  key_scales_[row] = of_key.scale;
  value_scales_[row] = of_value.scale;
  for (std::int64_t channel = 0; channel < layout_.key_group; channel += quad) {
    std::uint8_t* to = keys_ + key_at(row, channel);
    for (std::int64_t i = 0; i < quad; ++i) {
      to[i] = unsigned_of(of_key.numbers[static_cast<std::size_t>(channel + i)]);
    }
  }
  for (std::int64_t channel = 0; channel < layout_.width; channel += lanes) {
    std::uint8_t* to = values_ + value_at(row, channel);
    const std::int64_t here = std::min(lanes, layout_.width - channel);
    for (std::int64_t lane = 0; lane < here; ++lane) {
      to[lane * quad] = unsigned_of(of_value.numbers[static_cast<std::size_t>(channel + lane)]);
    }
  }
}

// Whole strips of keys and whole quads of values: rows beyond the last are written over before they are seen.
void CachedBytes::take_over(const CachedBytes& other, std::int64_t taken) const {
  std::copy_n(other.key_scales_, taken, key_scales_);
  std::copy_n(other.value_scales_, taken, value_scales_);
  std::copy_n(other.keys_, rounded_up(taken, lanes) * layout_.key_group, keys_);
  for (std::int64_t channel = 0; channel < layout_.width; channel += lanes) {
    std::copy_n(other.values_ + channel * other.layout_.rows, rounded_up(taken, quad) * lanes,
                values_ + channel * layout_.rows);
  }
}

void CachedBytes::attend(const float* query, std::int64_t visible, float scale, float* scratch,
                         float* out) const {
  const StripKernels& kernels = strip_kernels();
  float* scores = scratch;
  const ByteRows weights = byte_rows_at(scratch + rounded_up(visible, value_group), 1, value_layout(visible));

  const RoundedRow asking(query, layout_.width, layout_.key_group, kernels.most);
  for (std::int64_t first = 0; first < visible; first += lanes) {
    const Strip strip{keys_ + first * layout_.key_group, layout_.ones.data(), nullptr, 1, layout_.key_group,
                      std::min(lanes, visible - first)};
    kernels.strip(1, strip, {asking.numbers.data(), &asking.scale, &asking.sum, layout_.key_group},
                  scores + first, 0);
  }
  multiply_each(key_scales_, scores, visible);
  const float sum = soften(scores, visible, scale);
  multiply_each(value_scales_, scores, visible);

  round_to_bytes(scores, visible, visible, value_group, weights);
  for (std::int64_t first = 0; first < layout_.width; first += lanes) {
    const Strip strip{
        values_ + first * layout_.rows,        layout_.ones.data(), nullptr, weights.groups, value_group,
        std::min(lanes, layout_.width - first)};
    kernels.strip(1, strip, {weights.numbers, weights.scales, weights.sums, weights.columns}, out + first, 0);
  }
  multiply_by(1.0F / sum, out, layout_.width);
}

const float* CachedBytes::turn(std::int64_t count, float* scratch, float* turned) const {
  const std::int64_t width = layout_.width;
  float* values = turned + width * count;
  const auto real = [](std::uint8_t number) {
    return static_cast<float>(number - QuantizedLayout::int8_zero);
  };
  for (std::int64_t row = 0; row < count; ++row) {
    for (std::int64_t channel = 0; channel < width; ++channel) {
      scratch[row * width + channel] = key_scales_[row] * real(keys_[key_at(row, channel)]);
      values[row * width + channel] = value_scales_[row] * real(values_[value_at(row, channel)]);
    }
  }
  transpose(scratch, width, count, width, turned);
  return values;
}

}  // namespace nightingale::cpu

#include "tensor/quantized.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/multiversion.hpp"

namespace nightingale {

namespace {

constexpr std::int64_t lanes = QuantizedLayout::strip;
constexpr std::int64_t quad = QuantizedLayout::quad;
constexpr float most_int8 = 127, most_int4 = 15;
// Shares of a group's range that int4's numbers span: what lies beyond is cut off.
constexpr std::array shares{1.0F, 0.94F, 0.88F, 0.82F, 0.76F};

// Loops over the lanes that are kept from being unrolled are what the compiler vectorises as a whole.
using Lanes = std::array<float, lanes>;

// One group of one strip, a row in each lane.
struct Group {
  std::vector<Lanes> column;

  NIGHTINGALE_INLINE Group(std::span<const float> values, const QuantizedLayout& layout, std::int64_t strip,
                           std::int64_t group)
      : column(static_cast<std::size_t>(layout.group), Lanes{}) {
    const std::int64_t first = group * layout.group;
    const std::int64_t count = std::min(layout.group, layout.columns - first);
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      const std::int64_t row = strip * lanes + lane;
      if (row >= layout.rows) break;
      for (std::int64_t c = 0; c < count; ++c) {
        column[static_cast<std::size_t>(c)][static_cast<std::size_t>(lane)] =
            values[static_cast<std::size_t>(row * layout.columns + first + c)];
      }
    }
  }
};

// What rounding a group comes to: w ≈ scale · number + minimum.
struct Rounding {
  Lanes scale{}, minimum{}, error{};

  NIGHTINGALE_INLINE Lanes inverse() const {
    Lanes out;
    for (std::size_t lane = 0; lane < lanes; ++lane) out[lane] = scale[lane] == 0 ? 0 : 1 / scale[lane];
    return out;
  }
};

// To the nearest whole number, ties to even, for numbers below 2^22: what a compiler can do for many at once.
NIGHTINGALE_INLINE float whole(float number) {
  constexpr float rounder = 12582912.0F;  // 1.5 · 2^23
  return (number + rounder) - rounder;
}

// By values: the references of std::clamp would cost a third more.
NIGHTINGALE_INLINE float nearest(float number, float inverse, float minimum, float most) {
  const float near = whole((number - minimum) * inverse);
  return near < 0 ? 0 : near > most ? most : near;
}

float rounded(float number) {
  return from_bfloat16(to_bfloat16(number));
}

// The scale and minimum of least squares for the numbers that a first pair gives, and the error they leave.
NIGHTINGALE_INLINE Rounding fitted(const Group& group, const Rounding& first) {
  Rounding fit;
  const auto count = static_cast<float>(group.column.size());
  const Lanes inverse = first.inverse();
  Lanes q{}, qq{}, w{}, qw{};
  for (const Lanes& column : group.column) {
#pragma GCC unroll 1
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const float number = nearest(column[lane], inverse[lane], first.minimum[lane], most_int4);
      q[lane] += number;
      qq[lane] += number * number;
      w[lane] += column[lane];
      qw[lane] += number * column[lane];
    }
  }
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    const float spread = count * qq[lane] - q[lane] * q[lane];
    const float slope = spread > 0 ? (count * qw[lane] - q[lane] * w[lane]) / spread : 0;
    fit.scale[lane] = rounded(slope);
    fit.minimum[lane] = rounded((w[lane] - fit.scale[lane] * q[lane]) / count);
  }
  const Lanes refined = fit.inverse();
  for (const Lanes& column : group.column) {
#pragma GCC unroll 1
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const float number = nearest(column[lane], refined[lane], fit.minimum[lane], most_int4);
      const float off = fit.scale[lane] * number + fit.minimum[lane] - column[lane];
      fit.error[lane] += off * off;
    }
  }
  return fit;
}

// The best of several ranges.
NIGHTINGALE_INLINE Rounding least_error(const Group& group) {
  Lanes low = group.column.front(), high = low;
  for (const Lanes& column : group.column) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      low[lane] = std::min(low[lane], column[lane]);
      high[lane] = std::max(high[lane], column[lane]);
    }
  }
  Rounding best;
  for (const float share : shares) {
    Rounding first;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const float range = high[lane] - low[lane];
      first.scale[lane] = range * share / most_int4;
      first.minimum[lane] = low[lane] + range * (1 - share) / 2;
    }
    const Rounding fit = fitted(group, first);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      if (share != shares.front() && fit.error[lane] >= best.error[lane]) continue;
      best.scale[lane] = fit.scale[lane];
      best.minimum[lane] = fit.minimum[lane];
      best.error[lane] = fit.error[lane];
    }
  }
  return best;
}

// scale = max |w| / 127, and the minimum that makes number 128 nought.
NIGHTINGALE_INLINE Rounding symmetric(const Group& group) {
  Rounding out;
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    float most = 0;
    for (const Lanes& column : group.column) most = std::max(most, std::abs(column[lane]));
    out.scale[lane] = rounded(most / most_int8);
    out.minimum[lane] = -out.scale[lane] * QuantizedLayout::int8_zero;
  }
  return out;
}

// The bytes of a quad of columns, one word a lane, its first column lowest.
using Words = std::array<std::uint32_t, lanes>;
static_assert(sizeof(Words) == lanes * quad && std::endian::native == std::endian::little);

NIGHTINGALE_INLINE void write_int8(const Group& group, const Rounding& how, std::uint8_t* to) {
  const Lanes inverse = how.inverse();
  for (std::size_t first = 0; first < group.column.size(); first += quad, to += sizeof(Words)) {
    Words words{};
    for (std::size_t c = 0; c < quad; ++c) {
      const Lanes& column = group.column[first + c];
#pragma GCC unroll 1
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        const float near = whole(column[lane] * inverse[lane]);
        const float number = near < -most_int8 ? -most_int8 : near > most_int8 ? most_int8 : near;
        words[lane] |= static_cast<std::uint32_t>(static_cast<int>(number) + QuantizedLayout::int8_zero)
                       << 8 * c;
      }
    }
    std::memcpy(to, words.data(), sizeof(Words));
  }
}

// Two quads share the bytes: the second lies in their upper halves.
NIGHTINGALE_INLINE void write_int4(const Group& group, const Rounding& how, std::uint8_t* to) {
  const Lanes inverse = how.inverse();
  for (std::size_t first = 0; first < group.column.size(); first += 2 * quad, to += sizeof(Words)) {
    Words words{};
    for (std::size_t c = 0; c < 2 * quad; ++c) {
      const Lanes& column = group.column[first + c];
      const std::size_t shift = 8 * (c % quad) + (c < quad ? 0 : 4);
      Lanes numbers;
#pragma GCC unroll 1
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        numbers[lane] = nearest(column[lane], inverse[lane], how.minimum[lane], most_int4);
      }
#pragma GCC unroll 1
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        words[lane] |= static_cast<std::uint32_t>(static_cast<int>(numbers[lane])) << shift;
      }
    }
    std::memcpy(to, words.data(), sizeof(Words));
  }
}

}  // namespace

std::string_view name_of(Precision precision) {
  switch (precision) {
    case Precision::f32: return "f32";
    case Precision::int8: return "int8";
    case Precision::int4: return "int4";
  }
  return "f32";
}

QuantizedLayout layout_of(Precision precision, std::int64_t rows, std::int64_t columns) {
  return {precision, rows, columns, precision == Precision::int4 ? 32 : 64};
}

Quantized::Quantized(const QuantizedLayout& wanted)
    : layout(wanted),
      numbers(static_cast<std::size_t>(wanted.strips() * wanted.bytes_of_strip())),
      scales(static_cast<std::size_t>(wanted.strips() * wanted.scales_of_strip())),
      minima(wanted.precision == Precision::int4 ? scales.size() : 0) {}

NIGHTINGALE_MULTIVERSION
void quantize_strip(std::span<const float> values, std::int64_t strip, Quantized& to) {
  const QuantizedLayout& layout = to.layout;
  const bool int4 = layout.precision == Precision::int4;
  const std::int64_t bytes = layout.bytes_of_strip() / std::max<std::int64_t>(layout.groups(), 1);
  for (std::int64_t g = 0; g < layout.groups(); ++g) {
    const Group group(values, layout, strip, g);
    const Rounding how = int4 ? least_error(group) : symmetric(group);
    const auto scale = static_cast<std::size_t>(strip * layout.scales_of_strip() + g * lanes);
    std::uint8_t* numbers = to.numbers.data() + strip * layout.bytes_of_strip() + g * bytes;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      to.scales[scale + lane] = to_bfloat16(how.scale[lane]);
      if (int4) to.minima[scale + lane] = to_bfloat16(how.minimum[lane]);
    }
    int4 ? write_int4(group, how, numbers) : write_int8(group, how, numbers);
  }
}

Quantized quantized(std::span<const float> values, const QuantizedLayout& layout) {
  Quantized out(layout);
  for (std::int64_t strip = 0; strip < layout.strips(); ++strip) quantize_strip(values, strip, out);
  return out;
}

std::vector<float> dequantized(const QuantizedView& matrix) {
  const QuantizedLayout& layout = matrix.layout;
  const bool int4 = layout.precision == Precision::int4;
  std::vector<float> out;
  out.reserve(static_cast<std::size_t>(layout.rows * layout.columns));
  for (std::int64_t row = 0; row < layout.rows; ++row) {
    const std::int64_t strip = row / lanes, lane = row % lanes;
    const std::uint8_t* numbers = matrix.numbers + strip * layout.bytes_of_strip();
    for (std::int64_t column = 0; column < layout.columns; ++column) {
      const auto scale =
          static_cast<std::size_t>(strip * layout.scales_of_strip() + column / layout.group * lanes + lane);
      const std::int64_t quads = column / quad, within = lane * quad + column % quad;
      if (int4) {
        const int both = numbers[quads / 2 * quad * lanes + within];
        const int number = quads % 2 == 0 ? both & 15 : both >> 4;
        out.push_back(from_bfloat16(matrix.scales[scale]) * static_cast<float>(number) +
                      from_bfloat16(matrix.minima[scale]));
      } else {
        const int number = numbers[quads * quad * lanes + within] - QuantizedLayout::int8_zero;
        out.push_back(from_bfloat16(matrix.scales[scale]) * static_cast<float>(number));
      }
    }
  }
  return out;
}

float from_bfloat16(std::uint16_t bits) {
  constexpr int dropped = 16;
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << dropped);
}

std::uint16_t to_bfloat16(float value) {
  constexpr int dropped = 16;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  constexpr std::uint32_t half_less_one = 0x7fff;
  return static_cast<std::uint16_t>((bits + half_less_one + ((bits >> dropped) & 1)) >> dropped);
}

}  // namespace nightingale

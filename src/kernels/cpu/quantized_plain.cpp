// A strip without instructions for bytes, and the choice among the kernels.
#include <algorithm>

#include "base/multiversion.hpp"
#include "kernels/cpu/quantized_strip.hpp"

namespace nightingale::cpu {

namespace {

constexpr std::int64_t lanes = QuantizedLayout::strip, quad = QuantizedLayout::quad;

// Adds a quad's products to the sum of each of the 16 outputs; `number(byte)` is what a byte holds for it.
template <typename Number>
NIGHTINGALE_INLINE void add_quad(const std::uint8_t* bytes, const std::int8_t* x, std::int32_t* sum,
                                 const Number& number) {
  for (std::int64_t lane = 0; lane < lanes; ++lane) {
    std::int32_t products = 0;
    for (std::int64_t c = 0; c < quad; ++c) products += number(bytes[lane * quad + c]) * x[c];
    sum[lane] += products;
  }
}

NIGHTINGALE_MULTIVERSION void row_plain(const Strip& s, const XRows& x, float* out) {
  float total[lanes] = {};
  const std::uint8_t* numbers = s.numbers;
  for (std::int64_t g = 0; g < s.groups; ++g) {
    std::int32_t sum[lanes] = {};
    const std::int8_t* bytes = x.numbers + g * s.group;
    for (std::int64_t c = 0; c < s.group; c += s.minima ? 2 * quad : quad, numbers += lanes * quad) {
      if (s.minima) {
        add_quad(numbers, bytes + c, sum, [](std::uint8_t byte) { return byte & 15; });
        add_quad(numbers, bytes + c + quad, sum, [](std::uint8_t byte) { return byte >> 4; });
      } else {
        add_quad(numbers, bytes + c, sum,
                 [](std::uint8_t byte) { return byte - QuantizedLayout::int8_zero; });
      }
    }
    const auto of_x = static_cast<float>(x.sums[g]);
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      const float scale = from_bfloat16(s.scales[g * lanes + lane]);
      const float minimum = s.minima ? from_bfloat16(s.minima[g * lanes + lane]) : 0.0F;
      total[lane] += x.scales[g] * (scale * static_cast<float>(sum[lane]) + minimum * of_x);
    }
  }
  std::copy_n(total, s.outputs, out);
}

}  // namespace

void strip_plain(std::int64_t rows, const Strip& strip, const XRows& x, float* out, std::int64_t stride) {
  for (std::int64_t row = 0; row < rows; ++row) {
    row_plain(strip, x.below(row, strip.groups), out + row * stride);
  }
}

std::vector<StripKernels> strip_kernels_of_this_machine() {
  std::vector<StripKernels> all{
      {strip_plain, nullptr, most_byte, false, round_plain, soften_plain, columns_plain}};
#if defined(__x86_64__)
  if (level() != Level::baseline) {
    const bool pay = level() == Level::avx2;  // AVX-512 has floats of twice the width
    all.push_back({strip_avx2, nullptr, most_avx2, pay, round_avx2, soften_avx2, columns_plain});
    if (__builtin_cpu_supports("avxvnni"))
      all.push_back({strip_avx_vnni, nullptr, most_byte, true, round_avx2, soften_avx2, columns_plain});
  }
  if (level() == Level::avx512 && __builtin_cpu_supports("avx512vnni"))
    all.push_back({strip_vnni, pair_vnni, most_byte, true, round_avx512, soften_avx512, columns_avx512});
#endif
  return all;
}

const StripKernels& strip_kernels() {
  static const StripKernels fastest = strip_kernels_of_this_machine().back();
  return fastest;
}

}  // namespace nightingale::cpu

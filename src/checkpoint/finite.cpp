#include "checkpoint/finite.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "base/multiversion.hpp"

namespace nightingale {
namespace {

// A float whose exponent bits are all ones is an infinity or NaN.
constexpr std::uint32_t exponent_bits = 0x7f80'0000u;

NIGHTINGALE_INLINE bool is_finite(float number) {
  return (std::bit_cast<std::uint32_t>(number) & exponent_bits) != exponent_bits;
}

// No early exit, and numbers as wide as those that are looked at, so that compilers make vector code of it.
NIGHTINGALE_MULTIVERSION
bool all_finite(const float* numbers, std::size_t count) {
  std::uint32_t faults = 0;
  for (std::size_t i = 0; i < count; ++i) faults |= is_finite(numbers[i]) ? 0U : 1U;
  return faults == 0;
}

}  // namespace

std::optional<std::size_t> first_not_finite(std::span<const float> numbers) {
  constexpr std::size_t block = 4096;
  for (std::size_t first = 0; first < numbers.size(); first += block) {
    const auto part = numbers.subspan(first, std::min(block, numbers.size() - first));
    if (all_finite(part.data(), part.size())) continue;
    const auto place = std::find_if_not(part.begin(), part.end(), is_finite);
    return first + static_cast<std::size_t>(place - part.begin());
  }
  return std::nullopt;
}

}  // namespace nightingale

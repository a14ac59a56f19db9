// Whether numbers are finite: one fast pass over a checkpoint's bytes when it is loaded.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace nightingale {

// The place of the first NaN or infinity, or nothing.
std::optional<std::size_t> first_not_finite(std::span<const float> numbers);

}  // namespace nightingale

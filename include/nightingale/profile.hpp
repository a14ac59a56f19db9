// Named choices between speed and likeness: what of an engine's options and a request's fields each sets.
// What each costs stands in docs/precision.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "nightingale/export.h"
#include "nightingale/precision.hpp"

namespace nightingale {

struct Profile {
  std::string_view name;
  Precisions precisions;
  std::optional<double> prompt_seconds, unconditioned_prompt_seconds;
  std::int64_t steps;
  std::string_view help;  // a few words
};

// exact, balanced, fast.
NIGHTINGALE_EXPORT std::span<const Profile> profiles();

}  // namespace nightingale

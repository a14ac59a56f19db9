#include "nightingale/profile.hpp"

#include <array>

namespace nightingale {

namespace {

constexpr Precision f32 = Precision::f32, int8 = Precision::int8, int4 = Precision::int4;

constexpr std::array<Profile, 3> all{{
    {"exact", {.t3 = f32, .flow = f32}, {}, {}, 10, "as PyTorch"},
    {"balanced", {.t3 = int8, .flow = int8}, 5, 0, 8, "8 bits, 5 s of prompt, 8 steps"},
    {"fast", {.t3 = int4, .flow = int8}, 3, 0, 5, "4 and 8 bits, 3 s of prompt, 5 steps"},
}};

}  // namespace

std::span<const Profile> profiles() {
  return all;
}

}  // namespace nightingale

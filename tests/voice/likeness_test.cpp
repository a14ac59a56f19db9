// The number that says how alike two voices are.
#include "voice/likeness.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace nightingale;

TEST_CASE("likeness_is_the_cosine_whatever_the_lengths") {
  const std::array a{3.F, 4.F}, b{8.F, 6.F}, away{-6.F, -8.F}, across{4.F, -3.F};
  CHECK(cosine(a, b) == doctest::Approx(0.96));
  CHECK(cosine(b, a) == doctest::Approx(0.96));
  CHECK(cosine(a, away) == doctest::Approx(-1));
  CHECK(cosine(a, across) == doctest::Approx(0));
}

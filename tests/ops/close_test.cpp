// The comparison that every numeric test trusts: it must be able to say no, and where.
#include "close.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "kernels/reference/reference.hpp"

namespace nightingale::testing {
namespace {

TEST_CASE("close_measures_on_the_scale_of_what_was_expected") {
  const auto op = make_reference();
  const Tensor x = op->write({{"row", 2}, {"mel", 2}}, std::vector<float>{0, 0.5f, 100, 2});
  CHECK(close(x, {0, 0.5, 100, 2.5}, 0.0051));
  const Closeness verdict = close(x, {0, 0.5, 100, 2.5}, 0.0049);
  CHECK_FALSE(verdict);
  CHECK(
      verdict.story ==
      "1 of 4 differ, first at [row 1, mel 1]: found 2, expected 2.5; worst 0.005 of the scale 100, allowed "
      "0.0049");
}

TEST_CASE("close_refuses_other_counts_other_axes_and_what_is_not_a_number") {
  const auto op = make_reference();
  const Tensor x = op->write({{"row", 2}}, std::vector<float>{1, 2});
  CHECK_FALSE(close(x, {1, 2, 3}, 1));
  CHECK_FALSE(close(x, op->rename(x, "row", "mel"), 1));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK_FALSE(close(op->write({{"row", 2}}, std::vector<float>{nan, 2}), {1, 2}, 1e9));
  CHECK_FALSE(close(x, std::vector<double>{nan, 2}, 1e9));
}

TEST_CASE("random_numbers_are_the_same_each_time") {
  CHECK(random_numbers(5, 7) == random_numbers(5, 7));
  CHECK(random_numbers(5, 7) != random_numbers(5, 8));
}

}  // namespace
}  // namespace nightingale::testing

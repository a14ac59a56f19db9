#include "base/columns.hpp"

#include <doctest/doctest.h>

namespace nightingale {
namespace {

TEST_CASE("columns_count_characters_not_bytes") {
  CHECK(display_width("2·speech − 1") == 12);
  CHECK(display_width("") == 0);
}

TEST_CASE("columns_stand_under_each_other") {
  CHECK(in_columns({{"x", "2·n", "a"}, {"long", "n", "b"}}) ==
        std::vector<std::string>{"x     2·n  a", "long  n    b"});
}

TEST_CASE("columns_that_are_empty_take_no_place_and_lines_end_without_blanks") {
  CHECK(in_columns({{"x", "", "a"}, {"y", "", ""}, {"z"}}) == std::vector<std::string>{"x  a", "y", "z"});
  CHECK(in_columns({}).empty());
}

}  // namespace
}  // namespace nightingale

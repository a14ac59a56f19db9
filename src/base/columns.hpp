// Lines of text whose columns stand under each other, for tables that people read in a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nightingale {

// How many places a terminal gives the text: one a character, however many bytes it has.
std::size_t display_width(std::string_view text);

// One line a row: every cell as wide as the widest of its column, two spaces between, none at the end of a
// line. A column that is empty in all rows takes no place. Rows may have fewer cells than others.
std::vector<std::string> in_columns(const std::vector<std::vector<std::string>>& rows);

}  // namespace nightingale

// Shapes as people write and paste them: "(1,80,64)", "1x80x64", "torch.Size([1, 80, 64])", or the whole
// sentence of a framework, "Shapes (1,80,64) and (1,564,80) cannot be broadcast.", from which all are taken.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nightingale {

using Numbers = std::vector<std::int64_t>;  // the sizes of one shape, in its order

// Every shape of the text, at least one. Throws option_invalid with the position of what cannot be read.
std::vector<Numbers> shapes_in(std::string_view text);

// "(1, 80, 64)"
std::string written(const Numbers& shape);

}  // namespace nightingale

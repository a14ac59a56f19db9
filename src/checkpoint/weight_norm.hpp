// Weight normalisation, folded once when a model is loaded: weight = length · direction / ‖direction‖, the
// norm over every axis but the first (for transposed convolutions the first axis is the *input* channel).
//
// Source: torch.nn.utils.parametrizations.weight_norm, dim = 0. Computed in double, rounded to float once.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace nightingale {

// `lengths` has one number for each of the equally long rows of `direction`. Where a row is all zeros the
// result is NaN, as upstream's is.
std::vector<float> fold_weight_norm(std::span<const double> lengths, std::span<const double> direction);

}  // namespace nightingale

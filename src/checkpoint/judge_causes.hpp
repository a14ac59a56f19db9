// Likely causes: what probably happened to a tensor that is missing, unclaimed or of the wrong shape. Guesses
// for the reader of a report; nothing is decided by them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checkpoint/binder_record.hpp"

namespace nightingale {

// "looks transposed: the file's order is [speaker, mel]", "looks exchanged with NAME", or nothing.
std::string cause_of_misfit(const Binding::Record& record, std::size_t misfit);

// The order of the declared axes in which `found` would fit, outermost first.
std::optional<std::vector<std::size_t>> fitting_order(const Shape& declared,
                                                      const std::vector<std::int64_t>& found,
                                                      const Values& known);

// The tensor of `unclaimed` that is probably `missing` under another name, or null: of a fitting shape, and
// under the same parent or with a name that differs by few letters.
const StoredTensor* likely_renamed(const Binding::Record& record, const Claim& missing,
                                   const std::vector<const StoredTensor*>& unclaimed);

// How many leading components two names share: 2 for "a.b.weight" and "a.b.bias".
std::size_t shared_components(const std::string& left, const std::string& right);

}  // namespace nightingale

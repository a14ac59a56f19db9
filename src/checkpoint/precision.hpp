// Which weights are kept in few bits: one function of a weight's name and use, so that no layer has to ask.
#pragma once

#include "nightingale/precision.hpp"
#include "ops/weight.hpp"

namespace nightingale {

// Only what costs much when speaking is worth it; small matrices and what runs once a voice stay float32.
Precision precision_of(const WeightRecord& weight, const Precisions& wanted);

// Whether a decoder reads it for every token.
bool decodes(const WeightRecord& weight);

}  // namespace nightingale

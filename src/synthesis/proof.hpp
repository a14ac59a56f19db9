// The proof run: the pipeline's own `forward` code on the substrate without arithmetic, with text, prompt and
// speech left as symbols. What it shows holds for every length.
#pragma once

#include <string>
#include <vector>

#include "models/flow/flow.hpp"
#include "models/hift/hift.hpp"
#include "models/perth/perth.hpp"
#include "models/t3/t3.hpp"

namespace nightingale {

// Each stage's result, one line each, ending in "audio = [batch, 480·out_frame]". Throws Failure
// (shape_mismatch) naming both sides of the join, convolution or concatenation that does not fit. Needs sizes
// only, no numbers.
std::vector<std::string> prove(const t3::T3& t3, const flow::Flow& flow, const hift::Hift& hift);
std::vector<std::string> prove(const t3::T3& t3);
std::vector<std::string> prove(const flow::Flow& flow, const hift::Hift& hift);

// The watermark's two stages, each ending in as many frames as it was given.
std::vector<std::string> prove(const perth::Perth& perth);

}  // namespace nightingale

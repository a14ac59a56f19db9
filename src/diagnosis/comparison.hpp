// Comparing an array of ours with a reference's: names, sizes, distance, the first place where they part.
#pragma once

#include <span>

#include "diagnosis/verify.hpp"
#include "tensor/axes.hpp"

namespace nightingale {

// How the reference lays the array out: as ours, or with rows and channels exchanged ([1, 80, frame]).
enum class Layout { same, channels_first };

// `ours` are the numbers of `shape`, batch first; a reference may leave axes of size 1 out.
VerifiedStep compare(const std::string& step, const Shape& shape, std::span<const float> ours,
                     const ReferenceArray& theirs, double limit, Layout layout = Layout::same);

// Tokens must be equal. `margins` holds, for each, how close the choice was in the reference, relative to the
// logits' scale; the first difference is excused, and listed, where that is below `close`.
VerifiedStep compare_tokens(const std::string& step, std::span<const std::int32_t> ours,
                            std::span<const std::int32_t> theirs, std::span<const float> margins,
                            double close);

VerifiedStep skipped(const std::string& step, const std::string& why);

}  // namespace nightingale

// Text tokens and a voice become speech tokens: the loop around T3 that looks at values.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "models/t3/sampler.hpp"
#include "models/t3/t3.hpp"

namespace nightingale {

struct SpeechOptions {
  t3::Sampling sampling;
  std::int64_t most_tokens = 1000;                    // upstream's limit
  std::function<bool(std::int64_t tokens)> progress;  // after each token; false ends the speech there
};

// The tokens as they were drawn, the stop token included when it came. `condition` is T3::condition of the
// voice, `text` holds the text's ids with start and stop. Throws Failure (text_invalid) when the text is
// longer than the checkpoint has positions for.
std::vector<std::int32_t> generate_speech(Ops& op, const t3::T3& t3, const Tensor& condition,
                                          std::span<const std::int32_t> text, const SpeechOptions& options,
                                          Random& random);

// What the flow can read of them: from behind the first start to before the first stop, only sound codes
// (upstream drop_invalid_tokens and the filter behind it).
std::vector<std::int32_t> sound_tokens(std::span<const std::int32_t> tokens);

}  // namespace nightingale

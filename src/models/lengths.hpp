// The lengths of Chatterbox on one page: which number is which, and how they hang together.
//
//   text + speech tokens → T3 → speech tokens → flow → mel frames → HiFT → samples
//
// 25 speech tokens, 50 mel frames and 24 000 samples make a second. The flow works on the prompt *and* the
// speech: its frame is 2·(prompt + speech); only when it is done are the prompt's frames trimmed away.
#pragma once

#include "tensor/axes.hpp"

namespace nightingale::lengths {

inline const Axis batch = unknown("batch");
inline const Axis text = unknown("text");  // text tokens, start and stop included
inline const Axis condition_prompt =
    unknown("condition_prompt");                           // the voice's speech tokens shown to T3 (≤ 150)
inline const Axis prompt = unknown("prompt");              // the voice's speech tokens shown to the flow
inline const Axis prompt_frame = unknown("prompt_frame");  // rows of the voice's mel: 2·prompt, or one more
inline const Axis speech = unknown("speech");              // the speech tokens that T3 wrote

inline const Axis token{"token", prompt.size + speech.size};        // what the flow's encoder reads
inline const Axis frame{"frame", 2 * (prompt.size + speech.size)};  // 50 Hz: what the flow's decoder works on
inline const Axis out_frame{"frame", frame.size - prompt_frame.size};  // what leaves the flow and enters HiFT
inline const Axis sample{"sample", 480 * out_frame.size};              // 24 kHz
inline const Axis spectrum{"spectrum", 120 * out_frame.size + 1};  // columns of HiFT's own transform, hop 4

// Facts of Chatterbox that every network shares.
inline const Axis mel{"mel", 80};  // bands of the 24 kHz mel
inline constexpr double tokens_per_second = 25;

}  // namespace nightingale::lengths

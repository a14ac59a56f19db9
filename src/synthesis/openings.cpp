#include "synthesis/openings.hpp"

#include <algorithm>

#include "synthesis/inputs.hpp"

namespace nightingale {

std::shared_ptr<t3::Opening> Openings::of(Ops& op, const t3::T3& t3, const VoiceArrays& voice,
                                          float emotion) {
  const Heard heard{voice.speaker, voice.condition_prompt, emotion};
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find(kept_, heard, &Kept::heard);
  if (found != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, found);
  } else {
    const Tensor condition = t3.condition(op, t3_voice(op, voice, emotion));
    kept_.push_front({heard, std::make_shared<t3::Opening>(condition)});
    if (kept_.size() > most_kept) kept_.pop_back();
  }
  return kept_.front().opening;
}

}  // namespace nightingale

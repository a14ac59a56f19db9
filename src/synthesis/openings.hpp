// The openings of the voices that a model has spoken with last: who speaks again with one of them waits for
// the text alone.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "models/t3/t3.hpp"

namespace nightingale {

struct VoiceArrays;

class Openings {
 public:
  static constexpr std::size_t most_kept = 4;

  // That of a voice with this emotion. From any thread.
  std::shared_ptr<t3::Opening> of(Ops& op, const t3::T3& t3, const VoiceArrays& voice, float emotion);

 private:
  // What T3 hears of a voice.
  struct Heard {
    std::vector<float> speaker;
    std::vector<std::int32_t> condition_prompt;
    float emotion;
    bool operator==(const Heard&) const = default;
  };
  struct Kept {
    Heard heard;
    std::shared_ptr<t3::Opening> opening;
  };

  std::mutex mutex_;
  std::list<Kept> kept_;  // the last used first
};

}  // namespace nightingale

// Text tokens and a voice become speech tokens: the loop around T3 that looks at values.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "models/t3/sampler.hpp"
#include "models/t3/t3.hpp"

namespace nightingale {

struct SpeechOptions {
  t3::Sampling sampling;
  std::int64_t most_tokens = 1000;  // upstream's limit
};

// One text on its way to speech: what it has said so far, and what is its alone, the cache and the draws.
class Sequence {
 public:
  // Reads the text and draws the first token. `opening` is the voice's, `text` holds the text's ids with
  // start and stop; `random` must outlive the sequence. Throws Failure (text_invalid) when the text is longer
  // than the checkpoint has positions for.
  Sequence(Ops& op, const t3::T3& t3, t3::Opening& opening, std::span<const std::int32_t> text,
           const SpeechOptions& options, Random& random);

  // As they were drawn, the stop token included when it came.
  const std::vector<std::int32_t>& tokens() const { return tokens_; }
  bool ended() const { return branches_.caches.empty(); }
  bool stopped() const;                     // ended by itself
  void end() { branches_.caches.clear(); }  // says no more; its memory is free

  // A sequence takes a row of a pass for each of its branches. No more than `most_rows` may write on
  // together: with more they would go through other kernels, and come out otherwise than alone.
  static constexpr std::int64_t most_rows = 8;
  std::int64_t rows() const;
  static std::int64_t most_together(const t3::Sampling& sampling);

 private:
  friend void write_on(Ops& op, const t3::T3& t3, std::span<Sequence* const> sequences);
  void draw(std::span<const float> logits);

  t3::Sampler sampler_;
  std::int64_t most_;
  std::vector<std::int32_t> tokens_;
  t3::Branches branches_;  // until it ends
};

// One more token of every sequence, all in one pass over the weights. What a sequence says does not depend on
// the others. Precondition: none has ended, and they are no more than may write together.
void write_on(Ops& op, const t3::T3& t3, std::span<Sequence* const> sequences);

// A sequence by itself, to its end.
std::vector<std::int32_t> generate_speech(Ops& op, const t3::T3& t3, t3::Opening& opening,
                                          std::span<const std::int32_t> text, const SpeechOptions& options,
                                          Random& random);

// What the flow can read of them: from behind the first start to before the first stop, only sound codes
// (upstream drop_invalid_tokens and the filter behind it).
std::vector<std::int32_t> sound_tokens(std::span<const std::int32_t> tokens);

}  // namespace nightingale

// Choosing the next speech token from the logits of both guidance branches, in upstream's order:
//
//   l = conditioned + guidance·(conditioned − unconditioned)
//   repetition penalty over the start of speech and all tokens so far → / temperature → min-p → top-p →
//   softmax → draw
// Source: t3.py T3.inference and the logits processors of transformers. All in float32, as there.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tensor/random.hpp"

namespace nightingale::t3 {

struct Sampling {
  float guidance = 0.5F;
  float temperature = 0.8F;         // 0 takes the best token without drawing
  float min_p = 0.05F;              // drops tokens less likely than this share of the best
  float top_p = 1.0F;               // keeps the most likely tokens that together reach this share
  float repetition_penalty = 1.2F;  // 1 is none
};

class Sampler {
 public:
  // Draws from `random`, which outlives the sampler.
  Sampler(const Sampling& sampling, Random& random);

  // The next token. `unconditioned` is empty when guidance is off. Both hold one logit per speech token.
  std::int32_t next(std::span<const float> conditioned, std::span<const float> unconditioned);

 private:
  void guide(std::span<const float> conditioned, std::span<const float> unconditioned);
  void penalise_repetition();
  void apply_temperature();
  void keep_above_min_p();
  void keep_top_p();
  std::int32_t draw();

  Sampling sampling_;
  Random& random_;
  std::vector<std::int32_t> history_;  // each id once
  std::vector<float> logits_, probabilities_;
  std::vector<std::int32_t> order_;
};

}  // namespace nightingale::t3

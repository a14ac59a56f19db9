#include "models/t3/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "models/t3/facts.hpp"

namespace nightingale::t3 {

namespace {

constexpr float never = -std::numeric_limits<float>::infinity();

// Softmax with its sum in double; PyTorch's vectorised float sum differs in the last place only.
void softmax(std::span<const float> logits, std::span<float> out) {
  const float best = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    out[i] = std::exp(logits[i] - best);
    sum += out[i];
  }
  const auto whole = static_cast<float>(sum);
  for (float& p : out) p /= whole;
}

}  // namespace

Sampler::Sampler(const Sampling& sampling, Random& random)
    : sampling_(sampling),
      random_(random),
      history_{start_speech} {}

std::int32_t Sampler::next(std::span<const float> conditioned, std::span<const float> unconditioned) {
  guide(conditioned, unconditioned);
  penalise_repetition();
  apply_temperature();
  keep_above_min_p();
  keep_top_p();
  const std::int32_t token = draw();
  if (std::find(history_.begin(), history_.end(), token) == history_.end()) history_.push_back(token);
  return token;
}

void Sampler::guide(std::span<const float> conditioned, std::span<const float> unconditioned) {
  logits_.assign(conditioned.begin(), conditioned.end());
  probabilities_.resize(logits_.size());
  for (std::size_t i = 0; i < unconditioned.size(); ++i) {
    logits_[i] += sampling_.guidance * (conditioned[i] - unconditioned[i]);
  }
}

void Sampler::penalise_repetition() {
  for (const std::int32_t id : history_) {
    float& logit = logits_[static_cast<std::size_t>(id)];
    logit = logit < 0 ? logit * sampling_.repetition_penalty : logit / sampling_.repetition_penalty;
  }
}

void Sampler::apply_temperature() {
  if (sampling_.temperature == 1 || sampling_.temperature == 0) return;
  for (float& logit : logits_) logit /= sampling_.temperature;
}

// The best token always stays: its probability is not below a share of itself.
void Sampler::keep_above_min_p() {
  softmax(logits_, probabilities_);
  const float best = *std::max_element(probabilities_.begin(), probabilities_.end());
  const float least = sampling_.min_p * best;
  for (std::size_t i = 0; i < logits_.size(); ++i) {
    if (probabilities_[i] < least) logits_[i] = never;
  }
}

// From the least likely upwards, drops tokens while they add up to no more than 1 − top_p; the best one
// stays.
void Sampler::keep_top_p() {
  softmax(logits_, probabilities_);
  const float dropped_share = 1 - sampling_.top_p;
  if (dropped_share <= 0) return;  // only tokens of probability 0 would go, and those are never drawn
  order_.clear();
  for (std::size_t i = 0; i < logits_.size(); ++i) {
    if (logits_[i] != never) order_.push_back(static_cast<std::int32_t>(i));
  }
  std::stable_sort(order_.begin(), order_.end(), [&](std::int32_t a, std::int32_t b) {
    return logits_[static_cast<std::size_t>(a)] < logits_[static_cast<std::size_t>(b)];
  });
  double sum = 0;
  for (std::size_t i = 0; i + 1 < order_.size(); ++i) {
    const auto id = static_cast<std::size_t>(order_[i]);
    sum += probabilities_[id];
    if (static_cast<float>(sum) > dropped_share) break;
    logits_[id] = never;
  }
  softmax(logits_, probabilities_);
}

std::int32_t Sampler::draw() {
  if (sampling_.temperature == 0) {
    return static_cast<std::int32_t>(std::max_element(logits_.begin(), logits_.end()) - logits_.begin());
  }
  return static_cast<std::int32_t>(random_.multinomial(probabilities_));
}

}  // namespace nightingale::t3

#include "synthesis/speech.hpp"

#include <algorithm>
#include <array>

#include "base/failure.hpp"
#include "models/t3/facts.hpp"

namespace nightingale {

namespace {

const Axis one_batch{"batch", 1};
const Axis one_row{"row", 1};

std::int64_t branches(const t3::Sampling& sampling) {
  return sampling.guidance == 0 ? 1 : 2;
}

void check_length(std::size_t text, const t3::T3& t3) {
  if (static_cast<std::int64_t>(text) <= t3.most_text()) return;
  fail(ErrorCode::text_invalid,
       "this piece of the text is " + std::to_string(text) +
           " tokens long, but the model has positions for " + std::to_string(t3.most_text()),
       "break the text up with full stops or commas");
}

}  // namespace

Sequence::Sequence(Ops& op, const t3::T3& t3, t3::Opening& opening, std::span<const std::int32_t> text,
                   const SpeechOptions& options, Random& random)
    : sampler_(options.sampling, random),
      most_(std::min(options.most_tokens, t3.most_speech() - 1)) {
  check_length(text.size(), t3);
  const auto text_rows = static_cast<std::int64_t>(text.size());
  const t3::Guidance guidance = branches(options.sampling) == 1 ? t3::Guidance::off : t3::Guidance::on;
  branches_ = t3.make_branches(op, guidance, t3.condition_rows() + text_rows + t3::starts_of_speech + most_);
  const Tensor words = op.write_ids({one_batch, {"row", text_rows}}, text);
  draw(op.read(t3.prefill(op, opening, words, branches_)));
}

bool Sequence::stopped() const {
  return ended() && !tokens_.empty() && tokens_.back() == t3::stop_speech;
}

std::int64_t Sequence::rows() const {
  return static_cast<std::int64_t>(branches_.caches.size());
}

std::int64_t Sequence::most_together(const t3::Sampling& sampling) {
  return most_rows / branches(sampling);
}

// `logits` [entry of the batch, speech_vocabulary] are of this sequence.
void Sequence::draw(std::span<const float> logits) {
  const std::size_t vocabulary = logits.size() / static_cast<std::size_t>(rows());
  tokens_.push_back(sampler_.next(logits.first(vocabulary), logits.subspan(vocabulary)));
  if (tokens_.back() == t3::stop_speech || static_cast<std::int64_t>(tokens_.size()) >= most_) end();
}

void write_on(Ops& op, const t3::T3& t3, std::span<Sequence* const> sequences) {
  std::vector<std::int32_t> ids, indices;
  std::vector<Cache*> caches;
  for (const Sequence* sequence : sequences) {
    const auto count = static_cast<std::size_t>(sequence->rows());
    ids.insert(ids.end(), count, sequence->tokens_.back());
    indices.insert(indices.end(), count, static_cast<std::int32_t>(sequence->tokens_.size()));
    for (Cache* cache : sequence->branches_.each()) caches.push_back(cache);
  }
  const Shape shape{{"batch", static_cast<std::int64_t>(ids.size())}, one_row};
  const Tensor logits = t3.step(op, op.write_ids(shape, ids), op.write_ids(shape, indices), caches);
  const std::vector<float> all = op.read(logits);
  std::span<const float> left(all);
  const std::size_t vocabulary = all.size() / ids.size();
  for (Sequence* sequence : sequences) {
    const std::size_t own = vocabulary * static_cast<std::size_t>(sequence->rows());
    sequence->draw(left.first(own));
    left = left.subspan(own);
  }
}

std::vector<std::int32_t> generate_speech(Ops& op, const t3::T3& t3, t3::Opening& opening,
                                          std::span<const std::int32_t> text, const SpeechOptions& options,
                                          Random& random) {
  Sequence sequence(op, t3, opening, text, options, random);
  while (!sequence.ended()) write_on(op, t3, std::array{&sequence});
  return sequence.tokens();
}

std::vector<std::int32_t> sound_tokens(std::span<const std::int32_t> tokens) {
  auto first = std::find(tokens.begin(), tokens.end(), t3::start_speech);
  first = first == tokens.end() ? tokens.begin() : first + 1;
  const auto last = std::find(first, tokens.end(), t3::stop_speech);
  std::vector<std::int32_t> sound;
  std::copy_if(first, last, std::back_inserter(sound),
               [](std::int32_t token) { return token < t3::speech_codes; });
  return sound;
}

}  // namespace nightingale

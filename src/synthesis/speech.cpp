#include "synthesis/speech.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include "base/failure.hpp"
#include "models/t3/facts.hpp"

namespace nightingale {

namespace {

const Axis one_row{"row", 1};
const Axis one_batch{"batch", 1};

// The logits of both branches, [batch, row 1, speech_vocabulary], as one span each.
struct Branches {
  std::vector<float> logits;
  std::span<const float> conditioned, unconditioned;

  Branches(Ops& op, const Tensor& both)
      : logits(op.read(both)) {
    const auto vocabulary = static_cast<std::size_t>(both.shape().back().size.number());
    conditioned = std::span(logits).first(vocabulary);
    unconditioned = std::span(logits).subspan(vocabulary);
  }
};

}  // namespace

std::vector<std::int32_t> generate_speech(Ops& op, const t3::T3& t3, const Tensor& condition,
                                          std::span<const std::int32_t> text, const SpeechOptions& options,
                                          Random& random) {
  const auto text_rows = static_cast<std::int64_t>(text.size());
  if (text_rows > t3.most_text()) {
    fail(ErrorCode::text_invalid,
         "this piece of the text is " + std::to_string(text_rows) +
             " tokens long, but the model has positions for " + std::to_string(t3.most_text()),
         "break the text up with full stops or commas");
  }
  const t3::Guidance guidance = options.sampling.guidance == 0 ? t3::Guidance::off : t3::Guidance::on;
  const std::int64_t most = std::min(options.most_tokens, t3.most_speech() - 1);
  const std::int64_t rows = condition.shape()[1].size.number() + text_rows + t3::starts_of_speech + most;
  const std::unique_ptr<Cache> cache = t3.make_cache(op, guidance, rows);
  t3::Sampler sampler(options.sampling, random);

  const Tensor words = op.write_ids({one_batch, {"row", text_rows}}, text);
  Tensor logits = t3.prefill(op, condition, words, guidance, *cache);
  std::vector<std::int32_t> tokens;
  while (static_cast<std::int64_t>(tokens.size()) < most) {
    const Branches branches(op, logits);
    tokens.push_back(sampler.next(branches.conditioned, branches.unconditioned));
    const auto count = static_cast<std::int64_t>(tokens.size());
    if (options.progress && !options.progress(count)) break;
    if (tokens.back() == t3::stop_speech || count == most) break;
    const Tensor id = op.write_ids({one_batch, one_row}, std::array{tokens.back()});
    logits = t3.step(op, id, count, guidance, *cache);
  }
  return tokens;
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

// The speech tokenizer (S3 v2, 25 Hz): 40 ms of speech become one of 6561 tokens.
//
//   log-mel → conv /2 → gelu → conv /2 → gelu → blocks → 8 numbers a token → tanh → 3 levels each → token
//
// Source: s3tokenizer model_v2.py S3TokenizerV2; the mel and its limits: audio/speech_mel.hpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "layers/conv1d.hpp"
#include "models/signature.hpp"
#include "models/speech_tokenizer/block.hpp"

namespace nightingale::speech_tokenizer {

class SpeechTokenizer {
 public:
  explicit SpeechTokenizer(Binder at);

  // mel [batch, frame, mel 128] → [batch, token, digit 8], token = ⌈⌈frame/2⌉/2⌉: what is squeezed and
  // rounded.
  Tensor forward(Ops& op, const Tensor& mel) const;

  static std::vector<Signature> signatures();

 private:
  Axis channel_;
  Conv1d first_, second_;
  std::vector<Block> blocks_;
  Linear project_;
};

// The tokens of forward's numbers, 8 in a row for each: digit = round(squeeze·tanh(x)) + 1, half to even;
// token = Σ digit_i·3^i.
std::vector<std::int32_t> tokens_of(std::span<const float> numbers);

// How far each token is from another one: the least distance of a squeezed number from a rounding border
// (±½).
std::vector<float> margins_of(std::span<const float> numbers);

// One window of a long recording: its mel frames, and which of its tokens are kept.
struct Window {
  std::int64_t first_frame, frames;
  std::int64_t first_token, tokens;  // of the window's own
};

// One window up to 30 s; beyond it windows of 30 s that share 4 s, of which each inner edge drops 2. What is
// odd: upstream begins one more window when the last one has reached the end already, and loses up to 2 s
// there; ours keeps every token.
std::vector<Window> windows_of(std::int64_t frames);

}  // namespace nightingale::speech_tokenizer

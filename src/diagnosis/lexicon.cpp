#include "diagnosis/lexicon.hpp"

#include "models/lengths.hpp"

namespace nightingale {

namespace {

using lengths::batch;
using lengths::mel;
using lengths::prompt;
using lengths::speech;
using lengths::text;
using lengths::token;

// Rows of the voice's mel: a length of its own only when the clip is known to be an odd one.
Size prompt_frame_of(const Hints& hints) {
  const Symbol& rows = lengths::prompt_frame.size.terms().front().first;
  const Symbol& tokens = prompt.size.terms().front().first;
  const Lengths::Known* known_rows = hints.lengths.find(rows);
  const Lengths::Known* known_tokens = hints.lengths.find(tokens);
  const bool odd =
      known_rows != nullptr && (known_tokens == nullptr || known_rows->value != 2 * known_tokens->value);
  return odd ? lengths::prompt_frame.size : 2 * prompt.size;
}

}  // namespace

Lexicon::Lexicon(const Hints& hints)
    : prompt_frame{"frame", prompt_frame_of(hints)},
      out_frame{"frame", lengths::frame.size - prompt_frame.size},
      frame(lengths::frame) {
  const Axis model{"model", hints.model}, channel{"channel", hints.channel},
      speaker{"speaker", hints.speaker};
  const Axis sample{"sample", 480 * out_frame.size}, spectrum{"spectrum", 120 * out_frame.size + 1};
  const Axis condition{"condition", 34}, query{"query", 32}, code{"code", 8194}, bin{"bin", 18};
  const Axis voice{"speaker", 256}, inner{"channel", 256}, stacked{"channel", 4 * 80};
  const Axis row{"row", 34 + text.size + 2};
  const Axis token_table{"relative", 2 * token.size - 1}, frame_table{"relative", 2 * frame.size - 1};

  words = {
      {frame, "rows of the flow's decoder, prompt and speech"},
      {out_frame, "rows that leave the flow, the prompt trimmed away"},
      {prompt_frame, "rows of the voice's mel"},
      {token, "tokens that the flow's encoder reads"},
      {prompt, "speech tokens of the voice's clip"},
      {speech, "speech tokens of the sentence"},
      {text, "text tokens with start and stop"},
      {sample, "samples at 24 kHz, 480 a frame"},
      {spectrum, "columns of the vocoder's own transform, 120 a frame and one"},
      {row, "rows of T3 before the first token: condition, text, two starts"},
      {token_table, "relative positions of the tokens, 2·n − 1"},
      {frame_table, "relative positions of the frames, 2·n − 1"},
      {mel, "bands of the mel"},
      {condition, "T3's rows about the voice: 1 + 32 + 1"},
      {query, "queries of T3's perceiver"},
      {model, "width of T3"},
      {channel, "width of the flow's encoder"},
      {stacked, "x, mu, speaker and condition side by side: 4·80"},
      {inner, "width inside the flow's decoder"},
      {speaker, "the flow's x-vector"},
      {voice, "T3's speaker vector"},
      {{"width", 64}, "one attention head"},
      {bin, "real and imaginary bins of the vocoder: 2·(16/2 + 1)"},
      {code, "T3's speech codes"},
      {{"code", 6561}, "the codes that are sound: 3⁸"},
      {{"text code", 704}, "English text codes"},
      {{"text code", 2454}, "multilingual text codes"},
  };

  places = {
      {"the flow's decoder", {batch, frame, mel}},
      {"the mel that leaves the flow", {batch, out_frame, mel}},
      {"the voice's mel", {batch, prompt_frame, mel}},
      {"the flow's encoder before up-sampling", {batch, token, channel}},
      {"the flow's encoder after up-sampling", {batch, frame, channel}},
      {"inside the flow's decoder", {batch, frame, inner}},
      {"the four inputs of the flow's decoder side by side", {batch, frame, stacked}},
      {"T3's condition", {batch, condition, model}},
      {"T3's perceiver", {batch, query, model}},
      {"T3's rows", {batch, row, model}},
      {"T3's text", {batch, text, model}},
      {"T3's speech", {batch, speech, model}},
      {"T3's logits", {batch, speech, code}},
      {"the vocoder's source", {batch, spectrum, bin}},
      {"the relative positions of the encoder", {batch, token_table, channel}},
      {"the relative positions after up-sampling", {batch, frame_table, channel}},
      {"the weight of the flow's speaker projection", {mel, speaker}, true},
      {"the weight of the flow's mel projection", {mel, channel}, true},
      {"the flow's x-vector", {batch, speaker}},
      {"T3's speaker vector", {batch, voice}},
      {"the projected speaker", {batch, mel}},
      {"T3's logits of one step", {batch, code}},
      {"the audio", {batch, sample}},
      {"the tokens of prompt and speech", {batch, token}},
      {"the prompt's tokens", {batch, prompt}},
      {"the speech tokens", {batch, speech}},
      {"the text tokens", {batch, text}},
  };
}

}  // namespace nightingale

#include "models/speech_tokenizer/speech_tokenizer.hpp"

#include <algorithm>
#include <cmath>

#include "models/speech_tokenizer/facts.hpp"

namespace nightingale::speech_tokenizer {

namespace {

const Axis mel{"mel", mel_bands};

Conv1dOptions halving(const Axis& out, const Axis& in) {
  const std::int64_t pad = same_padding(front_taps);
  return {
      .out = out, .in = in, .taps = front_taps, .stride = front_stride, .pad_left = pad, .pad_right = pad};
}

std::vector<Block> bind_blocks(const Binder& at, const Axis& channel) {
  std::vector<Block> blocks;
  const std::int64_t count = at.layers("blocks");
  for (std::int64_t i = 0; i < count; ++i) blocks.emplace_back(at / "blocks" / i, channel);
  return blocks;
}

float squeezed(float number) {
  return squeeze * std::tanh(number);
}

std::int64_t tokens_in(std::int64_t frames) {
  return (frames + frames_per_token - 1) / frames_per_token;
}

}  // namespace

SpeechTokenizer::SpeechTokenizer(Binder at)
    : channel_(at.axis("channel")),
      first_(at / "encoder" / "conv1", halving(channel_, mel)),
      second_(at / "encoder" / "conv2", halving({"out", channel_.size}, channel_)),
      blocks_(bind_blocks(at / "encoder", channel_)),
      project_(at / "quantizer" / "_codebook" / "project_down", {"digit", digits}, channel_) {
  at.unused("_mel_filters", "made by formula, as librosa makes them");
  at.unused("window", "made by formula: a Hann window");
}

Tensor SpeechTokenizer::forward(Ops& op, const Tensor& mel_rows) const {
  const Span span(op, "speech_tokenizer");
  const Fused gelu{.then = {Activation::Kind::gelu}};
  Tensor x = first_.forward(op, mel_rows, gelu);
  x = op.rename(second_.forward(op, x, gelu), "out", "channel");
  x = op.rename(x, "frame", "token");
  op.note("speech_tokenizer.front", x);
  const std::vector<float> frequencies = rotary_frequencies();
  for (const Block& block : blocks_) x = block.forward(op, x, frequencies);
  return project_.forward(op, x).from("speech_tokenizer");
}

std::vector<Signature> SpeechTokenizer::signatures() {
  const Axis batch{"batch", 1}, token = unknown("token");
  return {{"speech_tokenizer",
           {{"mel", {batch, {"frame", frames_per_token * token.size}, mel}}},
           {"digits", {batch, token, {"digit", digits}}}}};
}

std::vector<std::int32_t> tokens_of(std::span<const float> numbers) {
  std::vector<std::int32_t> tokens;
  for (std::size_t first = 0; first + digits <= numbers.size(); first += digits) {
    std::int32_t token = 0, power = 1;
    for (std::size_t digit = 0; digit < digits; ++digit, power *= levels) {
      token += (static_cast<std::int32_t>(std::nearbyint(squeezed(numbers[first + digit]))) + 1) * power;
    }
    tokens.push_back(token);
  }
  return tokens;
}

std::vector<float> margins_of(std::span<const float> numbers) {
  constexpr float border = 0.5F;
  std::vector<float> margins;
  for (std::size_t first = 0; first + digits <= numbers.size(); first += digits) {
    float closest = border;
    for (std::size_t digit = 0; digit < digits; ++digit) {
      closest = std::min(closest, std::abs(std::abs(squeezed(numbers[first + digit])) - border));
    }
    margins.push_back(closest);
  }
  return margins;
}

std::vector<Window> windows_of(std::int64_t frames) {
  constexpr std::int64_t hop = window_frames - overlap_frames;
  constexpr std::int64_t dropped = overlap_frames / 2 / frames_per_token;
  std::vector<Window> windows;
  for (std::int64_t first = 0;; first += hop) {
    const std::int64_t here = std::min(window_frames, frames - first), tokens = tokens_in(here);
    const bool last = first + window_frames >= frames;
    const std::int64_t begin = first == 0 ? 0 : dropped, end = last ? tokens : tokens - dropped;
    windows.push_back({first, here, begin, end - begin});
    if (last) return windows;
  }
}

}  // namespace nightingale::speech_tokenizer

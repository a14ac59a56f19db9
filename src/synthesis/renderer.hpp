// From speech tokens to samples in a voice: the flow and the vocoder in order, for speaking and for
// conversion alike.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "models/flow/flow.hpp"
#include "models/hift/hift.hpp"
#include "tensor/random.hpp"
#include "voice/voice.hpp"

namespace nightingale {

struct Renderer {
  Ops& op;
  const flow::Flow& flow;
  const hift::Hift& hift;
  const VoiceArrays& voice;
  int steps = 10;                                          // Euler steps
  std::int64_t unseen_tokens = 0;                          // of the prompt, see flow::Solve
  std::function<void(int step, int steps)> progress = {};  // after each step; may throw to stop

  // How many frames the flow works on for so many speech tokens: the prompt's and theirs.
  std::int64_t frames_of(std::int64_t speech) const;

  // The mel of the speech alone, [batch, out_frame, mel], from noise [batch, frame, mel].
  Tensor mel(std::span<const std::int32_t> tokens, const Tensor& noise) const;

  // Its samples, 480 a frame; the noise of the harmonic source is drawn for all of them at once.
  std::vector<float> samples(const Tensor& mel, std::int64_t speech, Random& random) const;
};

// Silences the first 20 ms and fades the next 20 ms in, so that nothing of the prompt spills over (upstream
// trim_fade).
void fade_in(std::span<float> samples);

}  // namespace nightingale

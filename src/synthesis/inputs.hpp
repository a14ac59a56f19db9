// From arrays to tensors: what a voice and a seed are to the networks. Noise is drawn in upstream's order and
// layout
// ([1, 80, frame], [1, 9, sample]: channels first) and laid out as ours are (channels last).
#pragma once

#include <cstdint>
#include <span>

#include "models/flow/flow.hpp"
#include "models/hift/source.hpp"
#include "models/t3/t3.hpp"
#include "tensor/random.hpp"
#include "voice/voice.hpp"

namespace nightingale {

t3::Voice t3_voice(Ops& op, const VoiceArrays& voice, float emotion);
flow::Voice flow_voice(Ops& op, const VoiceArrays& voice);
Tensor speech_ids(Ops& op, std::span<const std::int32_t> tokens);

// What text, prompt and speech are this time, and who says so.
Lengths lengths_of(const VoiceArrays& voice, std::int64_t speech);

// x0 of the flow: [batch 1, frame, mel].
Tensor draw_mel_noise(Ops& op, std::int64_t frames, Random& random);

// The phases (the first harmonic's is 0) and the noise of the harmonic source for this many samples, and the
// third draw that upstream makes and does not use.
hift::SourceNoise draw_source_noise(Ops& op, std::int64_t samples, Random& random);

// [rows, columns] as [columns, rows].
std::vector<float> transposed(std::span<const float> numbers, std::size_t rows, std::size_t columns);

}  // namespace nightingale

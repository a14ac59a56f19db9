// The watermark that says "a machine spoke this": put into samples, and found in them again.
//
//   mark     samples → 32 kHz (soxr) → spectrum → levels → residual of the encoder where the sound is audible
//            → amplitudes 10^(level/20) with the old phases → samples at 32 kHz → the given rate
//   detect   samples → 32 kHz (polyphase) → levels → three branches of the decoder, each averaged over the
//            audible frames → Σ softmax(weights)·marks, clipped to 0 … 1
// A frame is audible when its levels sum to more than 1/20 of the loudest frame's. Source: resemble-perth
// 1.0.1 perth_watermarker.py, audio_processor.py, model/decoder.py.
//
// What is odd: upstream drops the samples behind the last whole hop (up to 10 ms); here as many come out as
// went in. Upstream fails on sounds of 32 ms and less, and has no number for silence; here such a sound is
// taken with silence behind it, and silence is not marked.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "models/perth/perth.hpp"

namespace nightingale {

class Watermark {
 public:
  // The weights, a safetensors file or upstream's checkpoint, made ready for the substrate, which must
  // outlive this; those that only detection needs, three quarters, at the first detection. The network sees a
  // block of frames at once; results do not depend on how many. Throws Failure: model_mismatch, file_invalid,
  // memory.
  Watermark(const std::string& weights, Ops& op, std::size_t block_frames = 3000);

  // As many samples, marked. Spectra and the network's work are done in blocks; what is held whole (both
  // rates, the levels) takes half a megabyte for each second of sound. Samples must be finite.
  std::vector<float> mark(std::span<const float> samples, int rate) const;

  // How sure it is that the samples are marked, 0 to 1: marked above perth::marked_above.
  double detect(std::span<const float> samples, int rate) const;
  // The same for samples that are at 32 kHz already; 0.2 megabytes for each second.
  double detect(std::vector<float> signal) const;

 private:
  struct Levels;
  Levels levels_of(std::span<const float> signal) const;
  std::vector<float> residual_of(const Levels& levels) const;
  double answer_of(const Levels& levels) const;

  template <typename Work>
  std::vector<float> in_blocks(std::size_t rows, std::size_t width, const Work& work) const;

  Ops& op_;
  std::size_t block_frames_;
  std::unique_ptr<Binding> binding_;
  std::unique_ptr<const perth::Perth> network_;
  mutable std::once_flag decoder_is_loaded_;
};

// Binds the network to a file or a manifest, without numbers: for `inspect` and the proof of a manifest.
std::unique_ptr<perth::Perth> bind_perth(Binding& binding);

}  // namespace nightingale

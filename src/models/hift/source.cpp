#include "models/hift/source.hpp"

#include "models/hift/facts.hpp"

namespace nightingale::hift {

Source::Source(Binder at)
    : merge(at / "l_linear", {"source", 1}, {"harmonic", harmonics}) {}

Tensor Source::forward(Ops& op, const Tensor& f0, const SourceNoise& random) const {
  const Tensor pitch = op.rename(op.repeat(f0, "frame", samples_per_frame), "frame", "sample");
  const Tensor voiced = op.activate(pitch, {Activation::Kind::above, voiced_above});

  const Tensor turning = op.add(op.phases(pitch, harmonics, sample_rate), random.phase);
  const Tensor sines = op.scale(op.activate(turning, {Activation::Kind::sine}), sine_amplitude);
  const Tensor loudness = op.scale(voiced, voiced_noise - unvoiced_noise, unvoiced_noise);
  const Tensor signal = op.add(op.multiply(sines, voiced), op.multiply(random.noise, loudness));

  const Tensor merged = merge.forward(op, signal, {.then = {Activation::Kind::tanh}});
  return op.select(merged, "source", 0).from("hift.source");
}

}  // namespace nightingale::hift

#include "models/hift/hift.hpp"

#include "models/hift/facts.hpp"
#include "models/lengths.hpp"

namespace nightingale::hift {

Hift::Hift(Binder at)
    : pitch_(at / "f0_predictor"),
      source_(at / "m_source"),
      generator_(at) {}

Tensor Hift::source(Ops& op, const Tensor& pitch, const SourceNoise& random) const {
  const Span span(op, "hift.source");
  return source_.forward(op, pitch, random);
}

Tensor Hift::generate(Ops& op, const Tensor& mel, const Tensor& source) const {
  const Span span(op, "hift.generator");
  return generator_.forward(op, mel, source);
}

Tensor Hift::forward(Ops& op, const Lengths& lengths, const Tensor& mel, const SourceNoise& random) const {
  using namespace nightingale::lengths;
  const Axis harmonic{"harmonic", harmonics};
  op.join("the vocoder", lengths,
          {{"mel", &mel, {batch, out_frame, nightingale::lengths::mel}},
           {"phase", &random.phase, {batch, harmonic}},
           {"noise", &random.noise, {batch, sample, harmonic}}});
  const Tensor f0 = pitch(op, mel);
  op.note("hift.pitch", f0);
  const Tensor excitation = source(op, f0, random);
  op.note("hift.source", excitation);
  const Tensor audio = generate(op, mel, excitation);
  op.join("audio", lengths, {{"audio", &audio, {batch, sample}}});
  return audio;
}

std::vector<Signature> Hift::signatures() {
  using namespace nightingale::lengths;
  const Axis harmonic{"harmonic", harmonics};
  return {{"hift",
           {{"mel", {batch, out_frame, nightingale::lengths::mel}},
            {"phase", {batch, harmonic}},
            {"noise", {batch, sample, harmonic}}},
           {"audio", {batch, sample}}}};
}

}  // namespace nightingale::hift

#include "models/voice_encoder/voice_encoder.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "models/voice_encoder/facts.hpp"

namespace nightingale::voice_encoder {

namespace {

const Axis mel{"mel", mel_bands};

// The gates of a layer read what the layer below puts out, under the name it has there.
std::vector<Lstm> bind_layers(const Binder& at) {
  const Axis hidden = at.axis("hidden");
  std::vector<Lstm> bound;
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    bound.emplace_back(at, layer, hidden, layer == 0 ? mel : Axis{"below", hidden.size});
  }
  return bound;
}

}  // namespace

VoiceEncoder::VoiceEncoder(Binder at)
    : layers_(bind_layers(at / "lstm")),
      project_(at / "proj", at.axis("speaker"), at.axis("hidden")) {
  at.unused("similarity_weight", "of the training's loss");
  at.unused("similarity_bias", "of the training's loss");
}

Tensor VoiceEncoder::embed(Ops& op, const Tensor& mel_rows) const {
  const Span span(op, "voice_encoder");
  Tensor x = mel_rows;
  for (const Lstm& layer : layers_) {
    if (&layer != &layers_.front()) x = op.rename(x, "hidden", "below");
    x = layer.forward(op, x);
  }
  op.note("voice_encoder.hidden", x);
  const Tensor last = op.select(x, "frame", x.shape()[1].size - 1);
  return op.normalise(project_.forward(op, last, {.then = {Activation::Kind::relu}}), length_eps);
}

Tensor VoiceEncoder::average(Ops& op, const Tensor& partials) {
  return op.normalise(op.mean(partials, "batch"), length_eps).from("voice_encoder");
}

std::vector<Signature> VoiceEncoder::signatures() {
  const Axis batch = unknown("batch"), speaker = unknown("speaker");
  return {
      {"voice_encoder", {{"mel", {batch, {"frame", partial_frames}, mel}}}, {"embedding", {batch, speaker}}}};
}

std::int64_t Partials::frames() const {
  return partial_frames + step * (count - 1);
}

Partials partials_of(std::int64_t frames) {
  const auto step = static_cast<std::int64_t>(
      std::nearbyint(sample_rate / partials_per_second / static_cast<double>(partial_frames)));
  const std::int64_t room = std::max<std::int64_t>(frames - partial_frames + step, 0);
  std::int64_t count = room / step;
  const double covered = static_cast<double>(room % step + partial_frames - step) / partial_frames;
  if (count == 0 || covered >= least_coverage) ++count;
  return {count, step};
}

}  // namespace nightingale::voice_encoder

#include "models/hift/pitch.hpp"

#include "models/hift/facts.hpp"
#include "models/lengths.hpp"

namespace nightingale::hift {

namespace {

std::vector<Conv1d> bind_convolutions(const Binder& at) {
  const Axis channel{"channel", at.axis("pitch_channel").size};
  std::vector<Conv1d> convolutions;
  for (std::int64_t i = 0; i < pitch_convolutions; ++i) {
    convolutions.emplace_back(at / "condnet" / (2 * i), Conv1dOptions{.out = channel,
                                                                      .in = i == 0 ? lengths::mel : channel,
                                                                      .taps = pitch_taps,
                                                                      .pad_left = same_padding(pitch_taps),
                                                                      .pad_right = same_padding(pitch_taps),
                                                                      .stored = Stored::weight_norm});
  }
  return convolutions;
}

}  // namespace

Pitch::Pitch(Binder at)
    : convolutions(bind_convolutions(at)),
      classifier(at / "classifier", {"pitch", 1}, {"channel", at.axis("pitch_channel").size}) {}

Tensor Pitch::forward(Ops& op, const Tensor& mel) const {
  Tensor x = mel;
  for (const Conv1d& conv : convolutions)
    x = conv.forward(op, x, {.then = {Activation::Kind::elu, elu_alpha}});
  const Tensor f0 = classifier.forward(op, x, {.then = {Activation::Kind::absolute}});
  return op.select(f0, "pitch", 0);
}

}  // namespace nightingale::hift

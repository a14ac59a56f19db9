#include "models/hift/generator.hpp"

#include "models/hift/facts.hpp"
#include "models/lengths.hpp"

namespace nightingale::hift {

namespace {

// The channels before and after each up-sampling, each solved on its own.
std::vector<Axis> bind_channels(const Binder& at) {
  return {{"channel", at.axis("channel_at_1").size},
          {"channel", at.axis("channel_at_8").size},
          {"channel", at.axis("channel_at_40").size},
          {"channel", at.axis("channel_at_120").size}};
}

Conv1dOptions edge(Axis out, Axis in) {
  return {.out = out,
          .in = in,
          .taps = edge_taps,
          .pad_left = same_padding(edge_taps),
          .pad_right = same_padding(edge_taps),
          .stored = Stored::weight_norm};
}

const Axis spectrum_channel{"channel", 2 * bins};

std::vector<GeneratorLevel> bind_levels(const Binder& at) {
  const std::vector<Axis> channels = bind_channels(at);
  std::vector<GeneratorLevel> levels;
  for (std::size_t i = 0; i < upsamplings.size(); ++i) {
    const Upsampling& up = upsamplings[i];
    const SourceLevel& source = source_levels[i];
    const auto index = static_cast<std::int64_t>(i);
    const Axis channel = channels[i + 1];
    std::vector<ResidualBlock> residuals;
    for (std::size_t k = 0; k < residual_taps.size(); ++k) {
      residuals.emplace_back(at / "resblocks" / static_cast<std::int64_t>(i * residual_taps.size() + k),
                             channel, residual_taps[k]);
    }
    levels.push_back({.upsample = {at / "ups" / index, {channel, channels[i], up.taps, up.stride, up.trim}},
                      .source_down = {at / "source_downs" / index,
                                      {.out = channel,
                                       .in = spectrum_channel,
                                       .taps = source.taps,
                                       .stride = source.stride,
                                       .pad_left = source.pad,
                                       .pad_right = source.pad}},
                      .source_residual = {at / "source_resblocks" / index, channel, source.residual_taps},
                      .residuals = std::move(residuals)});
  }
  return levels;
}

}  // namespace

Generator::Generator(Binder at)
    : first(at / "conv_pre", edge(bind_channels(at).front(), lengths::mel)),
      levels(bind_levels(at)),
      last(at / "conv_post", edge(spectrum_channel, bind_channels(at).back())) {}

Tensor Generator::forward(Ops& op, const Tensor& mel, const Tensor& source) const {
  const Spectrum transform{.window = window, .hop = hop};
  Tensor spectrum = op.rename(op.stft(source, transform), "spectrum", "row");
  spectrum = op.rename(spectrum, "bin", "channel");

  Tensor x = first.forward(op, op.rename(mel, "frame", "row"));
  for (const GeneratorLevel& at : levels) x = level(op, at, x, spectrum, &at == &levels.back());
  x = last.forward(op, op.activate(x, {Activation::Kind::leaky_relu, last_slope}));

  x = op.rename(op.rename(x, "row", "spectrum"), "channel", "bin");
  const Tensor logarithm = op.slice(x, "bin", 0, bins);
  const Tensor angle = op.slice(x, "bin", bins, bins);
  const Tensor magnitude = op.activate(logarithm, {Activation::Kind::exponential, magnitude_limit});
  const Tensor phase = op.activate(angle, {Activation::Kind::sine});
  const Tensor audio = op.istft(magnitude, phase, transform);
  return op.activate(audio, {Activation::Kind::clamp, audio_limit}).from("hift");
}

Tensor Generator::level(Ops& op, const GeneratorLevel& at, const Tensor& in, const Tensor& spectrum,
                        bool is_last) const {
  Tensor x = at.upsample.forward(op, op.activate(in, {Activation::Kind::leaky_relu, inner_slope}));
  // One row more in front, so that the rows match the columns of the centred transform: 120·frame + 1.
  if (is_last) x = op.pad(x, "row", 1, 0, Padding::reflect);
  x = op.add(x, at.source_residual.forward(op, at.source_down.forward(op, spectrum)));

  Tensor sum = at.residuals.front().forward(op, x);
  for (std::size_t k = 1; k < at.residuals.size(); ++k) sum = op.add(sum, at.residuals[k].forward(op, x));
  return op.scale(sum, 1 / static_cast<float>(at.residuals.size()));
}

}  // namespace nightingale::hift

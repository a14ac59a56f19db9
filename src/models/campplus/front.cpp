#include "models/campplus/front.hpp"

#include "layers/conv1d.hpp"
#include "models/campplus/facts.hpp"

namespace nightingale::campplus {

namespace {

// The channels that go in and out are as many; the weight needs two names for them.
struct PlaneAt {
  Binder convolution, norm;
  Axis in;
  std::int64_t taps, band_stride;
};

PlaneLayer bind_plane(const PlaneAt& at) {
  const Axis out{"channel", at.norm.axis("channel").size};
  const Convolution frame{.pad_left = same_padding(at.taps), .pad_right = same_padding(at.taps)};
  Convolution band = frame;
  band.stride = at.band_stride;
  return {at.convolution.tensor("weight", {out, at.in, {"band_tap", at.taps}, {"frame_tap", at.taps}},
                                Use::plane_convolution),
          BatchNorm(at.norm, out, norm_eps),
          {frame, band}};
}

ResidualBlock bind_block(const Binder& at, std::int64_t band_stride) {
  const Axis in{"in", at.axis("channel").size};
  ResidualBlock block{bind_plane({at / "conv1", at / "bn1", in, front_taps, band_stride}),
                      bind_plane({at / "conv2", at / "bn2", in, front_taps, 1}), std::nullopt};
  if (band_stride > 1) {
    block.shortcut = bind_plane({at / "shortcut" / 0, at / "shortcut" / 1, in, 1, band_stride});
  }
  return block;
}

std::vector<ResidualBlock> bind_blocks(const Binder& at) {
  std::vector<ResidualBlock> bound;
  for (const char* layer : {"layer1", "layer2"}) {
    for (std::int64_t i = 0; i < residual_blocks; ++i) {
      bound.push_back(bind_block(at / layer / i, i == 0 ? 2 : 1));
    }
  }
  return bound;
}

constexpr Activation relu{Activation::Kind::relu};

}  // namespace

Tensor PlaneLayer::forward(Ops& op, const Tensor& x, Activation then) const {
  return norm.forward(op, op.conv2d(op.rename(x, "channel", "in"), weight, geometry), then);
}

Tensor ResidualBlock::forward(Ops& op, const Tensor& x) const {
  const Tensor h = second.forward(op, first.forward(op, x, relu), {});
  return op.activate(op.add(h, shortcut ? shortcut->forward(op, x, {}) : x), relu);
}

Front::Front(Binder at)
    : first(bind_plane({at / "conv1", at / "bn1", {"in", 1}, front_taps, 1})),
      blocks(bind_blocks(at)),
      last(bind_plane({at / "conv2", at / "bn2", {"in", at.axis("channel").size}, front_taps, 2})) {}

Tensor Front::forward(Ops& op, const Tensor& fbank) const {
  const Axis whole = fbank.shape()[2];
  Tensor x = op.split(fbank, "band", {"band", whole.size}, {"channel", 1});
  x = first.forward(op, x, relu);
  for (const ResidualBlock& block : blocks) x = block.forward(op, x);
  x = op.reorder(last.forward(op, x, relu), {"batch", "frame", "channel", "band"});
  const Size feature = x.shape()[3].size.number() * x.shape()[2].size;
  return op.merge(x, "channel", "band", {"feature", feature});
}

}  // namespace nightingale::campplus

#include "models/campplus/dense_block.hpp"

#include <string>

#include "models/campplus/facts.hpp"

namespace nightingale::campplus {

namespace {

constexpr Activation relu{Activation::Kind::relu};

Conv1dOptions pointwise(const Axis& out, const Axis& in, Bias bias) {
  return {.out = out, .in = in, .bias = bias};
}

Conv1dOptions across_time(const Axis& out, const Axis& in, std::int64_t dilation) {
  const std::int64_t pad = same_padding(dense_taps, dilation);
  return {.out = out,
          .in = in,
          .taps = dense_taps,
          .dilation = dilation,
          .pad_left = pad,
          .pad_right = pad,
          .bias = Bias::no};
}

// The channels that a layer adds.
Axis added(const Binder& at) {
  return {"feature", at.axis("growth").size};
}

// The width of a block's input and its first `layers` layers.
Axis joined(const Binder& at, const Axis& in, std::int64_t layers) {
  return {"feature", in.size + layers * at.axis("growth").size};
}

std::vector<DenseLayer> bind_layers(const Binder& at, const Axis& in, std::int64_t count,
                                    std::int64_t dilation) {
  std::vector<DenseLayer> layers;
  for (std::int64_t i = 0; i < count; ++i) {
    layers.emplace_back(at / ("tdnnd" + std::to_string(i + 1)), joined(at, in, i), dilation);
  }
  return layers;
}

}  // namespace

DenseLayer::DenseLayer(Binder at, Axis in, std::int64_t dilation)
    : wide_norm(at / "nonlinear1" / "batchnorm", in, norm_eps),
      narrow(at / "linear1", pointwise(at.axis("narrow"), in, Bias::no)),
      narrow_norm(at / "nonlinear2" / "batchnorm", at.axis("narrow"), norm_eps),
      local(at / "cam_layer" / "linear_local", across_time(added(at), at.axis("narrow"), dilation)),
      context(at / "cam_layer" / "linear1", pointwise(at.axis("context"), at.axis("narrow"), Bias::yes)),
      gate(at / "cam_layer" / "linear2", pointwise(added(at), at.axis("context"), Bias::yes)) {}

Tensor DenseLayer::forward(Ops& op, const Tensor& x) const {
  const Tensor n = narrow.forward(op, wide_norm.forward(op, x, relu));
  const Tensor h = narrow_norm.forward(op, n, relu);
  const Tensor around = op.add(op.segment_mean(h, "frame", segment_frames), op.mean(h, "frame"));
  const Tensor seen = context.forward(op, around, {.then = relu});
  const Tensor mask = gate.forward(op, seen, {.then = {Activation::Kind::sigmoid}});
  return op.multiply(local.forward(op, h), mask);
}

DenseBlock::DenseBlock(Binder block, Binder transit_at, Axis in, Axis out, std::int64_t count,
                       std::int64_t dilation)
    : layers(bind_layers(block, in, count, dilation)),
      norm(transit_at / "nonlinear" / "batchnorm", joined(block, in, count), norm_eps),
      transit(transit_at / "linear", pointwise({"out", out.size}, joined(block, in, count), Bias::no)) {}

Tensor DenseBlock::forward(Ops& op, Tensor x) const {
  for (const DenseLayer& layer : layers) x = op.concat({x, layer.forward(op, x)}, "feature");
  return op.rename(transit.forward(op, norm.forward(op, x, relu)), "out", "feature");
}

}  // namespace nightingale::campplus

#include "models/campplus/campplus.hpp"

#include <string>

#include "models/campplus/facts.hpp"

namespace nightingale::campplus {

namespace {

constexpr Activation relu{Activation::Kind::relu};
constexpr std::array<Name, 4> widths{"width0", "width1", "width2",
                                     "width3"};  // before, between and after the blocks

Axis width(const Binder& at, std::size_t index) {
  return {"feature", at.axis(widths[index]).size};
}

Conv1dOptions first_convolution(const Binder& at) {
  constexpr std::int64_t kept_bands = bands >> halvings;
  return {.out = {"out", width(at, 0).size},
          .in = {"feature", kept_bands * at.axis("channel").size},
          .taps = first_taps,
          .stride = first_stride,
          .pad_left = same_padding(first_taps),
          .pad_right = same_padding(first_taps),
          .bias = Bias::no};
}

Conv1dOptions projection(const Binder& at) {
  return {
      .out = at.axis("speaker"), .in = {"statistic", 2 * width(at, blocks.size()).size}, .bias = Bias::no};
}

std::vector<DenseBlock> bind_blocks(const Binder& at) {
  std::vector<DenseBlock> bound;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    bound.emplace_back(at / ("block" + number), at / ("transit" + number), width(at, i), width(at, i + 1),
                       blocks[i].layers, blocks[i].dilation);
  }
  return bound;
}

}  // namespace

Campplus::Campplus(Binder at)
    : front_(at / "head"),
      first_(at / "xvector" / "tdnn" / "linear", first_convolution(at)),
      first_norm_(at / "xvector" / "tdnn" / "nonlinear" / "batchnorm", width(at, 0), norm_eps),
      blocks_(bind_blocks(at / "xvector")),
      last_norm_(at / "xvector" / "out_nonlinear" / "batchnorm", width(at, blocks.size()), norm_eps),
      project_(at / "xvector" / "dense" / "linear", projection(at)),
      project_norm_(at / "xvector" / "dense" / "nonlinear" / "batchnorm", at.axis("speaker"), norm_eps,
                    Affine::no) {}

Tensor Campplus::forward(Ops& op, const Tensor& fbank) const {
  const Span span(op, "campplus");
  Tensor x = front_.forward(op, fbank);
  op.note("campplus.front", x);
  x = op.rename(first_.forward(op, x), "out", "feature");
  x = first_norm_.forward(op, x, relu);
  for (const DenseBlock& block : blocks_) x = block.forward(op, x);
  x = last_norm_.forward(op, x, relu);
  op.note("campplus.frames", x);

  const Tensor statistics = op.concat({op.mean(x, "frame"), op.deviation(x, "frame")}, "feature");
  const Tensor one_row = op.spread(op.rename(statistics, "feature", "statistic"), {"frame", 1}, "statistic");
  const Tensor vector = project_norm_.forward(op, project_.forward(op, one_row));
  return op.select(vector, "frame", 0).from("campplus");
}

std::vector<Signature> Campplus::signatures() {
  const Axis batch{"batch", 1}, speaker = unknown("speaker");
  return {
      {"campplus", {{"fbank", {batch, unknown("frame"), {"band", bands}}}}, {"x_vector", {batch, speaker}}}};
}

}  // namespace nightingale::campplus

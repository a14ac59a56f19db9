#include "models/perth/tower.hpp"

#include "models/perth/facts.hpp"

namespace nightingale::perth {

namespace {

std::vector<Conv1d> bind_inner(const Binder& at, const Axis& bin, const Axis& hidden) {
  std::vector<Conv1d> inner{{at / 0 / "conv", Conv1dOptions{.out = hidden, .in = bin}}};
  for (std::int64_t i = 1; i <= wide_convolutions; ++i) {
    inner.emplace_back(at / i / "conv", Conv1dOptions{.out = hidden,
                                                      .in = hidden,
                                                      .taps = wide_taps,
                                                      .pad_left = same_padding(wide_taps),
                                                      .pad_right = same_padding(wide_taps)});
  }
  return inner;
}

}  // namespace

Tower::Tower(Binder at, Axis out, Axis bin, Axis hidden)
    : inner(bind_inner(at, bin, hidden)),
      last(at / (wide_convolutions + 1) / "conv", {.out = out, .in = hidden}) {}

Tensor Tower::forward(Ops& op, Tensor x) const {
  for (const Conv1d& conv : inner) x = conv.forward(op, x, {.then = {Activation::Kind::leaky_relu, slope}});
  return last.forward(op, x);
}

}  // namespace nightingale::perth

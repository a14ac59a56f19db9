#include "models/perth/perth.hpp"

#include "models/lengths.hpp"
#include "models/perth/facts.hpp"

namespace nightingale::perth {

namespace {

using lengths::batch;

const Axis answer{"answer", answers};

Tower bind_decoder(const Binder& at, const char* layers) {
  return {at / "decoder" / layers, answer, at.axis("bin"), at.axis("hidden")};
}

}  // namespace

Perth::Perth(Binder at)
    : bin_(at.axis("bin")),
      encoder_(at / "encoder" / "layers", bin_, bin_, at.axis("hidden")),
      decoders_{bind_decoder(at, "slow_layers"), bind_decoder(at, "normal_layers"),
                bind_decoder(at, "fast_layers")} {
  at.unused("ap.", "windows and tables of the transform, which follow from its length");
}

Tensor Perth::encode(Ops& op, const Lengths& lengths, const Tensor& levels, const Tensor& audible) const {
  const Span span(op, "perth.encoder");
  op.join("the watermark's encoder", lengths,
          {{"levels", &levels, {batch, frame, bin_}}, {"audible", &audible, {batch, frame}}});
  return op.multiply(encoder_.forward(op, levels), audible).from("perth.encoder");
}

Tensor Perth::decode(Ops& op, const Lengths& lengths, const Tensor& levels, Branch branch) const {
  const Span span(op, "perth.decoder");
  op.join("the watermark's decoder", lengths, {{"levels", &levels, {batch, frame, bin_}}});
  return decoders_[static_cast<std::size_t>(branch)].forward(op, levels).from("perth.decoder");
}

std::vector<Signature> Perth::signatures() {
  const Axis bin = unknown("bin");
  return {{"perth.encoder",
           {{"levels", {batch, frame, bin}}, {"audible", {batch, frame}}},
           {"residual", {batch, frame, bin}}},
          {"perth.decoder", {{"levels", {batch, frame, bin}}}, {"answers", {batch, frame, answer}}}};
}

}  // namespace nightingale::perth

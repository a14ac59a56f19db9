#include "checkpoint/precision.hpp"

namespace nightingale {

namespace {

constexpr std::string_view head = "speech_head.weight";

Precision of_t3(const WeightRecord& weight, Precision wanted) {
  if (weight.path == head) return Precision::int8;
  return decodes(weight) ? wanted : Precision::f32;
}

Precision of_flow(const WeightRecord& weight, Precision wanted) {
  if (weight.path.starts_with("flow.encoder.") && weight.use == Use::matmul) return wanted;
  if (!weight.path.starts_with("flow.decoder.")) return Precision::f32;
  const auto lies_in = [&weight](std::string_view part) {
    return weight.path.find(part) != std::string::npos;
  };
  // The outer blocks and the shortcuts carry the mel itself: rounded, they would triple the distance of what
  // comes out.
  const bool inner = weight.use == Use::convolution ? lies_in(".mid_blocks.") && !lies_in(".res_conv.")
                                                    : lies_in(".attn1.") || lies_in(".ff.");
  return inner ? wanted : Precision::f32;
}

}  // namespace

bool decodes(const WeightRecord& weight) {
  return weight.use == Use::matmul && (weight.path == head || weight.path.starts_with("tfmr.layers."));
}

Precision precision_of(const WeightRecord& weight, const Precisions& wanted) {
  if (weight.use != Use::matmul && weight.use != Use::convolution) return Precision::f32;
  if (const Precision t3 = wanted.t3; t3 != Precision::f32) {
    if (const Precision own = of_t3(weight, t3); own != Precision::f32) return own;
  }
  return wanted.flow == Precision::f32 ? Precision::f32 : of_flow(weight, wanted.flow);
}

}  // namespace nightingale

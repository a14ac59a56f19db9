#include "checkpoint/precision.hpp"

namespace nightingale {

namespace {

constexpr std::string_view head = "speech_head.weight";

Precision of_t3(const WeightRecord& weight, Precision wanted) {
  if (weight.path == head) return Precision::int8;
  return decodes(weight) ? wanted : Precision::f32;
}

Precision of_flow(const WeightRecord& weight, Precision wanted) {
  const bool transformer =
      weight.path.find(".attn1.") != std::string::npos || weight.path.find(".ff.") != std::string::npos;
  return weight.path.starts_with("flow.decoder.") && transformer ? wanted : Precision::f32;
}

}  // namespace

bool decodes(const WeightRecord& weight) {
  return weight.use == Use::matmul && (weight.path == head || weight.path.starts_with("tfmr.layers."));
}

Precision precision_of(const WeightRecord& weight, const Precisions& wanted) {
  if (weight.use != Use::matmul) return Precision::f32;
  if (const Precision t3 = wanted.t3; t3 != Precision::f32) {
    if (const Precision own = of_t3(weight, t3); own != Precision::f32) return own;
  }
  return wanted.flow == Precision::f32 ? Precision::f32 : of_flow(weight, wanted.flow);
}

}  // namespace nightingale

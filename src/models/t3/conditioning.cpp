#include "models/t3/conditioning.hpp"

#include "models/t3/facts.hpp"

namespace nightingale::t3 {

Conditioning::Conditioning(Binder at, Axis model)
    : speaker_projection(at / "spkr_enc", model, {"speaker", speaker_channels}),
      perceiver(at / "perceiver", model),
      emotion_projection(at / "emotion_adv_fc", model, {"emotion", 1}, Bias::no) {}

Tensor Conditioning::forward(Ops& op, const Tensor& speaker, const Tensor& prompt,
                             const Tensor& emotion) const {
  const Axis one_row{"row", 1};
  const Tensor who = op.spread(speaker_projection.forward(op, speaker), one_row, "model");
  const Tensor how = perceiver.forward(op, prompt);
  const Tensor mood = op.spread(emotion_projection.forward(op, emotion), one_row, "model");
  op.note("t3.condition.speaker", who);
  op.note("t3.condition.perceiver", how);
  op.note("t3.condition.emotion", mood);
  return op.concat({who, how, mood}, "row");
}

}  // namespace nightingale::t3

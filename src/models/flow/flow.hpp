// The flow: speech tokens, a speaker and a prompt become mel frames, 50 a second.
//
//   mu = projection(encoder(embedding([prompt | speech])))       frame = 2·(prompt + speech)
//   x = noise; 10 Euler steps along the guided velocity of the estimator; the prompt's frames are cut off at
//   the end
// Source: flow.py CausalMaskedDiffWithXvec. The batch is 1; guidance makes two branches of it.
#pragma once

#include <functional>
#include <vector>

#include "models/flow/encoder.hpp"
#include "models/flow/estimator.hpp"
#include "models/flow/facts.hpp"
#include "models/signature.hpp"

namespace nightingale::flow {

// A voice as the flow needs it: the x-vector, and the clip to go on from as tokens and as mel.
struct Voice {
  Tensor speaker;     // [batch 1, speaker 192]
  Tensor prompt;      // [batch 1, prompt]: speech tokens
  Tensor prompt_mel;  // [batch 1, prompt_frame, mel]
};

// What does not change between the Euler steps.
struct Condition {
  Tensor mu;       // [batch 1, frame, mel]
  Tensor speaker;  // [batch 1, mel]
  Tensor prompt;   // [batch 1, frame, mel]
};

struct Solve {
  int steps = default_steps;
  float guidance = default_guidance;
  // Tokens at the prompt's beginning that only the conditioned branch sees. Upstream has none: there the
  // other branch, which knows nothing of the prompt but its noise, works on all of it too.
  std::int64_t unseen_tokens = 0;
  std::function<void(int step, int steps)> progress;  // after each step; may throw to stop
};

class Flow {
 public:
  explicit Flow(Binder at);

  // Encodes prompt and speech. speech [batch 1, speech]: speech tokens. Its parts, in order:
  Condition condition(Ops& op, const Lengths& lengths, const Voice& voice, const Tensor& speech) const;
  Tensor embed(Ops& op, const Tensor& tokens) const;             // [batch, token] → [batch, token, channel]
  Tensor encode(Ops& op, const Tensor& embedded) const;          // → [batch, frame = 2·token, channel]
  Tensor project(Ops& op, const Tensor& encoded) const;          // → mu [batch, frame, mel]
  Tensor project_speaker(Ops& op, const Tensor& speaker) const;  // [batch, speaker 192] → [batch, mel]
  // The voice's mel where its tokens stand, zeros where frames are to be made: [batch 1, frame, mel].
  static Tensor known_mel(Ops& op, const Tensor& prompt_mel, const Size& frames);

  // The velocities of both branches at `time` (0…1), the conditioned one first: [batch 2, frame, mel].
  Tensor branches(Ops& op, const Lengths& lengths, const Tensor& x, const Condition& condition,
                  float time) const;

  // The guided velocity at `time` (0…1) of x [batch 1, frame, mel].
  Tensor velocity(Ops& op, const Lengths& lengths, const Tensor& x, const Condition& condition, float time,
                  float guidance) const;

  // The same where the unconditioned branch does not see the prompt's first tokens: their frames, which are
  // known, follow the conditioned branch alone.
  Tensor velocity_unseen(Ops& op, const Lengths& lengths, const Tensor& x, const Condition& condition,
                         float time, const Solve& options) const;

  // From noise [batch 1, frame, mel] to the mel of prompt and speech, same axes.
  Tensor solve(Ops& op, const Lengths& lengths, const Tensor& noise, const Condition& condition,
               const Solve& options) const;

  // Cuts the prompt off: [batch, frame, mel] → [batch, frame − prompt_frame, mel].
  static Tensor trim(Ops& op, const Tensor& mel, const Size& prompt_frame);

  std::int64_t speech_codes() const { return code_.size.resolved().number(); }
  static std::vector<Signature> signatures();

 private:
  Axis code_, channel_;
  Embedding embedding_;
  Linear speaker_projection_;
  Encoder encoder_;
  Linear encoder_projection_;
  Estimator estimator_;
};

}  // namespace nightingale::flow

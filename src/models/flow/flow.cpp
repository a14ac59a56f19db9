#include "models/flow/flow.hpp"

#include "layers/positions.hpp"
#include "models/flow/facts.hpp"
#include "models/flow/solver.hpp"
#include "models/lengths.hpp"

namespace nightingale::flow {

namespace {

// The time as the decoder is told it, [batch 1, time_sinusoid].
Tensor moment_of(Ops& op, float time) {
  const Axis sinusoid{"time_sinusoid", estimator_parts * lengths::mel.size};
  return op.write({{"batch", 1}, sinusoid}, time_sinusoid(time, sinusoid.size.number()));
}

}  // namespace

Flow::Flow(Binder at)
    : code_(at.axis("code")),
      channel_(at.scope("flow.encoder").axis("channel")),
      embedding_(at / "input_embedding", code_, channel_),
      speaker_projection_(at / "spk_embed_affine_layer", lengths::mel, {"speaker", speaker_channels}),
      encoder_((at / "encoder").scope("flow.encoder"), channel_),
      encoder_projection_(at / "encoder_proj", lengths::mel, channel_),
      estimator_((at / "decoder" / "estimator").scope("flow.decoder")) {}

Condition Flow::condition(Ops& op, const Lengths& lengths, const Voice& voice, const Tensor& speech) const {
  using namespace nightingale::lengths;
  op.join("the flow", lengths,
          {{"speaker", &voice.speaker, {batch, {"speaker", speaker_channels}}},
           {"prompt", &voice.prompt, {batch, prompt}},
           {"prompt_mel", &voice.prompt_mel, {batch, {"frame", prompt_frame.size}, mel}},
           {"speech", &speech, {batch, nightingale::lengths::speech}}});
  const Span span(op, "flow.encoder");

  const Tensor tokens =
      op.concat({op.rename(voice.prompt, "prompt", "token"), op.rename(speech, "speech", "token")}, "token");
  const Tensor mu = project(op, encode(op, embed(op, tokens)));
  const Tensor known = known_mel(op, voice.prompt_mel, mu.shape()[1].size);
  return {mu, project_speaker(op, voice.speaker), known};
}

Tensor Flow::embed(Ops& op, const Tensor& tokens) const {
  return embedding_.forward(op, tokens);
}

Tensor Flow::encode(Ops& op, const Tensor& embedded) const {
  return encoder_.forward(op, embedded);
}

Tensor Flow::project(Ops& op, const Tensor& encoded) const {
  return encoder_projection_.forward(op, encoded).from("flow.encoder");
}

Tensor Flow::project_speaker(Ops& op, const Tensor& speaker) const {
  return speaker_projection_.forward(op, op.normalise(speaker, speaker_norm_eps)).from("voice");
}

Tensor Flow::known_mel(Ops& op, const Tensor& prompt_mel, const Size& frames) {
  const Size missing = frames - prompt_mel.shape()[1].size;
  const Tensor nothing = op.zeros({{"batch", 1}, {"frame", missing}, lengths::mel});
  return op.concat({prompt_mel, nothing}, "frame").from("voice");
}

Tensor Flow::branches(Ops& op, const Lengths& lengths, const Tensor& x, const Condition& condition,
                      float time) const {
  // The unconditioned branch knows nothing but the noise and the time.
  const auto with_zeros = [&op](const Tensor& known) {
    return op.concat({known, op.zeros(known.shape())}, "batch").from(known.origin());
  };
  const Tensor moment = moment_of(op, time);
  return estimator_.forward(op, lengths,
                            {.x = op.concat({x, x}, "batch").from(x.origin()),
                             .mu = with_zeros(condition.mu),
                             .speaker = with_zeros(condition.speaker),
                             .prompt = with_zeros(condition.prompt),
                             .time = op.concat({moment, moment}, "batch")});
}

Tensor Flow::velocity(Ops& op, const Lengths& lengths, const Tensor& x, const Condition& condition,
                      float time, float guidance) const {
  const Tensor both = branches(op, lengths, x, condition, time);
  return guide(op, op.slice(both, "batch", 0, 1), op.slice(both, "batch", 1, 1), guidance);
}

Tensor Flow::velocity_unseen(Ops& op, const Lengths& lengths, const Tensor& x, const Condition& condition,
                             float time, const Solve& options) const {
  using namespace nightingale::lengths;
  const Tensor moment = moment_of(op, time);
  const Tensor conditioned =
      estimator_.forward(op, lengths, {x, condition.mu, condition.speaker, condition.prompt, moment});

  Lengths seen;
  const std::int64_t seen_prompt = prompt.size.at(lengths).number() - options.unseen_tokens;
  seen.set(prompt, seen_prompt, "the unconditioned branch");
  seen.set(speech, nightingale::lengths::speech.size.at(lengths).number(), "t3");
  const Size first = frames_per_token * options.unseen_tokens, count = x.shape()[1].size - first;
  const Tensor part = op.slice(x, "frame", first, count);
  const Tensor nothing = op.zeros(part.shape());
  const Tensor unconditioned =
      estimator_.forward(op, seen, {part, nothing, op.zeros(condition.speaker.shape()), nothing, moment});
  return op.concat({op.slice(conditioned, "frame", 0, first),
                    guide(op, op.slice(conditioned, "frame", first, count), unconditioned, options.guidance)},
                   "frame");
}

Tensor Flow::solve(Ops& op, const Lengths& lengths, const Tensor& noise, const Condition& condition,
                   const Solve& options) const {
  const std::vector<float> moments = cosine_schedule(options.steps);
  Tensor x = noise;
  for (int step = 0; step < options.steps; ++step) {
    const auto i = static_cast<std::size_t>(step);
    const Tensor v = options.unseen_tokens > 0
                         ? velocity_unseen(op, lengths, x, condition, moments[i], options)
                         : velocity(op, lengths, x, condition, moments[i], options.guidance);
    x = euler_step(op, x, v, moments[i], moments[i + 1]).from("flow.solver");
    op.note("flow.solver", x);
    if (options.progress) options.progress(step + 1, options.steps);
  }
  return x;
}

Tensor Flow::trim(Ops& op, const Tensor& mel, const Size& prompt_frame) {
  const Size frames = mel.shape()[1].size;
  return op.slice(mel, "frame", prompt_frame, frames - prompt_frame).from("flow");
}

std::vector<Signature> Flow::signatures() {
  using namespace nightingale::lengths;
  const Axis speaker{"speaker", speaker_channels};
  return {{"flow.encoder",
           {{"prompt", {batch, prompt}}, {"speech", {batch, nightingale::lengths::speech}}},
           {"mu", {batch, frame, mel}}},
          {"flow.decoder",
           {{"x", {batch, frame, mel}},
            {"mu", {batch, frame, mel}},
            {"speaker", {batch, mel}},
            {"prompt", {batch, frame, mel}},
            {"time", {batch, {"time_sinusoid", estimator_parts * mel.size}}}},
           {"velocity", {batch, frame, mel}}},
          {"flow",
           {{"speaker", {batch, speaker}},
            {"prompt", {batch, prompt}},
            {"prompt_mel", {batch, {"frame", prompt_frame.size}, mel}},
            {"speech", {batch, nightingale::lengths::speech}},
            {"noise", {batch, frame, mel}}},
           {"mel", {batch, out_frame, mel}}}};
}

}  // namespace nightingale::flow

// Steps 5 to 8: the flow, its Euler steps, the vocoder; then everything from end to end.
#include "base/failure.hpp"
#include "diagnosis/verify_steps.hpp"
#include "models/flow/facts.hpp"
#include "models/flow/solver.hpp"
#include "models/hift/facts.hpp"
#include "synthesis/pipeline.hpp"
#include "synthesis/renderer.hpp"
#include "synthesis/speech.hpp"

namespace nightingale {

namespace {

constexpr double noise_limit = 2e-6;
constexpr double source_limit = 1e-4;

const Axis one{"batch", 1};

}  // namespace

void VerifySteps::embedding() {
  when({"step5_full_tokens"}, {"step4_prompt_token", "step3_speech_tokens"}, [&] {
    std::vector<std::int32_t> all = reference_.tokens("step4_prompt_token");
    const std::vector<std::int32_t> speech = sound_tokens(reference_.tokens("step3_speech_tokens"));
    all.insert(all.end(), speech.begin(), speech.end());
    add(compare_tokens("step5_full_tokens", all, reference_.tokens("step5_full_tokens"), {}, 0));
  });
  when({"step5_token_emb"}, {"step5_full_tokens"}, [&] {
    const std::vector<std::int32_t> all = reference_.tokens("step5_full_tokens");
    const Tensor ids = op_.write_ids({one, {"token", static_cast<std::int64_t>(all.size())}}, all);
    check("step5_token_emb", model_.flow().embed(op_, ids), limit_);
  });
  when({"step5_spk_emb"}, {"step4_embedding"}, [&] {
    const Tensor speaker = vector("step4_embedding", "speaker");
    check("step5_spk_emb", model_.flow().project_speaker(op_, speaker), limit_);
  });
  when({"step5_mask"}, {"step5_full_tokens"}, [&] {
    const auto tokens = static_cast<std::int64_t>(reference_.tokens("step5_full_tokens").size());
    const Shape shape{one, {"token", tokens}, {"mask", 1}};
    add(compare("step5_mask", shape, std::vector<float>(static_cast<std::size_t>(tokens), 1.0F),
                reference_.array("step5_mask"), 0));
  });
}

void VerifySteps::encoder() {
  when({"step6_encoder_out"}, {"step5_token_emb"}, [&] {
    const Tensor embedded = rows("step5_token_emb", "token", {"channel", 0});
    check("step6_encoder_out", model_.flow().encode(op_, embedded), limit_);
  });
  when({"step6_mu"}, {"step6_encoder_out"}, [&] {
    check("step6_mu", model_.flow().project(op_, rows("step6_encoder_out", "frame", {"channel", 0})), limit_);
  });
  when({"step6_x_cond"}, {"step4_prompt_feat", "step6_mu"}, [&] {
    const Tensor prompt = rows("step4_prompt_feat", "frame", lengths::mel);
    const Tensor mu = rows("step6_mu", "frame", lengths::mel);
    check("step6_x_cond", flow::Flow::known_mel(op_, prompt, mu.shape()[1].size), 0);
  });
}

void VerifySteps::velocity() {
  when({"step7_initial_noise"}, {"step6_mu"}, [&] {
    Random random(static_cast<std::uint64_t>(reference_.near_greedy().seed));
    const std::int64_t frames = size_of("step6_mu", 1);
    check("step7_initial_noise", draw_mel_noise(op_, frames, random), noise_limit, Layout::channels_first);
  });
  const std::string start = reference_.has("ode_traj_step0") ? "ode_traj_step0" : "step7_initial_noise";
  when({"step7a_velocity_t0", "ode_step1_v_cond", "ode_step1_v_uncond"},
       {"step6_mu", "step5_spk_emb", "step6_x_cond", start}, [&] {
         const Tensor x = rows(start, "frame", lengths::mel, Layout::channels_first);
         const Tensor both = model_.flow().branches(op_, lengths(), x, condition(), 0);
         const Tensor conditioned = op_.slice(both, "batch", 0, 1);
         check("step7a_velocity_t0", conditioned, limit_, Layout::channels_first);
         check("ode_step1_v_cond", conditioned, limit_, Layout::channels_first);
         check("ode_step1_v_uncond", op_.slice(both, "batch", 1, 1), limit_, Layout::channels_first);
       });
  when({"ode_step1_v_mix"}, {"ode_step1_v_cond", "ode_step1_v_uncond"}, [&] {
    const Tensor conditioned = rows("ode_step1_v_cond", "frame", lengths::mel, Layout::channels_first);
    const Tensor unconditioned = rows("ode_step1_v_uncond", "frame", lengths::mel, Layout::channels_first);
    const Tensor mixed = flow::guide(op_, conditioned, unconditioned, reference_.flow_guidance());
    check("ode_step1_v_mix", mixed, limit_, Layout::channels_first);
  });
}

// The steps that are there are compared on the way from one start; the last of them is the mel.
void VerifySteps::trajectory_from(const std::string& start, const std::string& prefix) {
  const std::vector<float> moments = flow::cosine_schedule(reference_.steps());
  const flow::Condition known = condition();
  Tensor x = rows(start, "frame", lengths::mel, Layout::channels_first);
  for (std::size_t i = 0; i + 1 < moments.size(); ++i) {
    const Tensor v = model_.flow().velocity(op_, lengths(), x, known, moments[i], reference_.flow_guidance());
    x = flow::euler_step(op_, x, v, moments[i], moments[i + 1]);
    if (!prefix.empty()) check(prefix + std::to_string(i + 1), x, limit_, Layout::channels_first);
  }
  if (start == "step7_initial_noise") check("step7_mel", x, limit_);
}

void VerifySteps::trajectory() {
  const bool apart = reference_.has("ode_traj_step0");
  const std::string start = apart ? "ode_traj_step0" : "step7_initial_noise";
  const std::string last = "ode_traj_step" + std::to_string(reference_.steps());
  when({last}, {"step6_mu", "step5_spk_emb", "step6_x_cond", start},
       [&] { trajectory_from(start, "ode_traj_step"); });
  if (apart) {
    when({"step7_mel"}, {"step6_mu", "step5_spk_emb", "step6_x_cond", "step7_initial_noise"},
         [&] { trajectory_from("step7_initial_noise", ""); });
  }
  when({"step7_mel_trimmed"}, {"step7_mel", "step4_prompt_feat"}, [&] {
    const Tensor mel = rows("step7_mel", "frame", lengths::mel);
    check("step7_mel_trimmed", flow::Flow::trim(op_, mel, prompt_frames()), 0);
  });
}

void VerifySteps::vocoder() {
  when({"step8_f0"}, {"step7_mel_trimmed"}, [&] {
    check("step8_f0", model_.hift().pitch(op_, rows("step7_mel_trimmed", "frame", lengths::mel)), limit_);
  });
  when({"step8_source"}, {"step8_f0"}, [&] {
    const Tensor f0 = vector("step8_f0", "frame");
    Random random(static_cast<std::uint64_t>(reference_.near_greedy().seed));
    const std::int64_t samples = hift::samples_per_frame * f0.shape()[1].size.number();
    check("step8_source", model_.hift().source(op_, f0, draw_source_noise(op_, samples, random)),
          source_limit);
  });
  when({"step8_audio_raw", "step8_audio"}, {"step7_mel_trimmed", "step8_source"}, [&] {
    const Tensor mel = rows("step7_mel_trimmed", "frame", lengths::mel);
    const Tensor source = vector("step8_source", "sample");
    const Tensor audio = model_.hift().generate(op_, mel, source);
    check("step8_audio_raw", audio, audio_limit_);
    std::vector<float> faded = op_.read(audio);
    fade_in(faded);
    if (reference_.has("step8_audio")) {
      add(compare("step8_audio", audio.shape(), faded, reference_.array("step8_audio"), audio_limit_));
    }
  });
}

// From the text and the voice to the samples without looking at the reference on the way; it reseeds before
// the flow and before the vocoder, as the reference did.
void VerifySteps::end_to_end() {
  const std::initializer_list<std::string> needed{"step1_text_tokens_padded", "step3_speech_tokens",
                                                  "step7_mel_trimmed", "step8_audio"};
  std::string missing;
  for (const std::string& name : needed) {
    if (!reference_.has(name)) missing += (missing.empty() ? "" : ", ") + name;
  }
  if (!voice_) missing += (missing.empty() ? "" : ", ") + std::string("a voice");
  if (!missing.empty()) return add(skipped("end_to_end", "needs " + missing));

  const std::vector<std::int32_t> tokens =
      draw(reference_.tokens("step1_text_tokens_padded"), reference_.near_greedy());
  const VerifiedStep same = compare_tokens("end_to_end_tokens", tokens,
                                           sound_tokens(reference_.tokens("step3_speech_tokens")), {}, 0);
  add(same);
  if (same.verdict != Verdict::equal) return add(skipped("end_to_end_audio", "the tokens differ"));
  const auto seed = static_cast<std::uint64_t>(reference_.near_greedy().seed);
  const Lengths known = lengths_of(*voice_, static_cast<std::int64_t>(tokens.size()));
  const flow::Condition condition =
      model_.flow().condition(op_, known, flow_voice(op_, *voice_), speech_ids(op_, tokens));
  Random flow_random(seed);
  const Tensor noise = draw_mel_noise(op_, condition.mu.shape()[1].size.number(), flow_random);
  const flow::Solve solve{
      .steps = reference_.steps(), .guidance = reference_.flow_guidance(), .progress = {}};
  const Tensor mel =
      flow::Flow::trim(op_, model_.flow().solve(op_, known, noise, condition, solve), voice_->prompt_frames);
  add(compare("end_to_end_mel", mel.shape(), op_.read(mel), reference_.array("step7_mel_trimmed"),
              10 * limit_));

  Random hift_random(seed);
  const std::int64_t samples = lengths::sample.size.at(known).number();
  const Tensor audio = model_.hift().forward(op_, known, mel, draw_source_noise(op_, samples, hift_random));
  std::vector<float> faded = op_.read(audio);
  fade_in(faded);
  add(compare("end_to_end_audio", audio.shape(), faded, reference_.array("step8_audio"), 10 * audio_limit_));
}

}  // namespace nightingale

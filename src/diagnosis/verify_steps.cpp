#include "diagnosis/verify_steps.hpp"

#include <algorithm>
#include <cmath>

#include "base/failure.hpp"
#include "models/flow/facts.hpp"
#include "models/flow/solver.hpp"
#include "synthesis/pipeline.hpp"
#include "text/normalise.hpp"

namespace nightingale {

namespace {

constexpr double small_limit = 1e-5;  // upstream's own float32 is within 2e-6 of double there
constexpr double small_audio_limit = 1e-4;
constexpr double full_limit = 1e-4;  // longer sums round more
constexpr double full_audio_limit = 1e-3;
constexpr double noise_limit = 2e-6;
constexpr double source_limit = 1e-4;
constexpr double close_choice = 1e-4;                 // of the logits' scale
constexpr std::int64_t full_size_layers_width = 512;  // a T3 this wide counts as full size

// Keeps the tensors that the networks mention while it lives.
class Listener : public Trace {
 public:
  explicit Listener(Ops& op)
      : op_(op) {
    op_.trace_to(this);
  }
  ~Listener() override { op_.trace_to(nullptr); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void tensor(std::string_view path, const Tensor& value) override { heard_[std::string(path)] = value; }
  const Tensor& operator[](const std::string& path) { return heard_[path]; }

 private:
  Ops& op_;
  std::map<std::string, Tensor> heard_;
};

const Axis one{"batch", 1};

}  // namespace

VerifySteps::VerifySteps(const Model& model, const ReferenceFolder& reference, const VoiceArrays* voice)
    : model_(model),
      reference_(reference),
      voice_(voice),
      op_(model.ops()) {
  const bool full = model.t3().model_width() >= full_size_layers_width;
  limit_ = full ? full_limit : small_limit;
  audio_limit_ = full ? full_audio_limit : small_audio_limit;
}

std::vector<VerifiedStep> VerifySteps::run() {
  text();
  conditioning();
  speech();
  voice_arrays();
  embedding();
  encoder();
  velocity();
  trajectory();
  vocoder();
  end_to_end();
  return std::move(done_);
}

void VerifySteps::when(std::initializer_list<std::string> results, std::initializer_list<std::string> inputs,
                       const std::function<void()>& run, bool needs_voice) {
  std::string missing;
  for (const std::string& name : inputs) {
    if (!reference_.has(name)) missing += (missing.empty() ? "" : ", ") + name;
  }
  if (needs_voice && !voice_) missing += (missing.empty() ? "" : ", ") + std::string("a voice");
  bool wanted = false;
  for (const std::string& name : results) {
    if (!reference_.has(name)) {
      add(skipped(name, "not in the reference"));
    } else if (!missing.empty()) {
      add(skipped(name, "needs " + missing));
    } else {
      wanted = true;
    }
  }
  if (!wanted) return;
  try {
    run();
  } catch (const Failure& failure) {
    for (const std::string& name : results) {
      if (!reference_.has(name) || has_done(name)) continue;
      VerifiedStep failed = skipped(name, failure.error().sentence);
      failed.verdict = failure.error().code == ErrorCode::shape_mismatch ? Verdict::shape : Verdict::differs;
      add(failed);
    }
  }
}

bool VerifySteps::has_done(const std::string& step) const {
  return std::any_of(done_.begin(), done_.end(), [&](const VerifiedStep& done) { return done.step == step; });
}

void VerifySteps::check(const std::string& step, const Tensor& ours, double limit, Layout layout) {
  if (reference_.has(step))
    add(compare(step, ours.shape(), op_.read(ours), reference_.array(step), limit, layout));
}

void VerifySteps::text() {
  when({"step1_text_tokens", "step1_text_tokens_padded"}, {}, [&] {
    const std::string normal = normalise_punctuation(reference_.text(), model_.tokenizer().punctuation());
    const std::vector<std::int32_t> ids = model_.tokenizer().encode(normal, reference_.language());
    const std::string plain = "step1_text_tokens";
    const std::string padded = "step1_text_tokens_padded";
    if (reference_.has(plain)) add(compare_tokens(plain, ids, reference_.tokens(plain), {}, 0));
    if (reference_.has(padded)) {
      add(compare_tokens(padded, with_start_and_stop(ids), reference_.tokens(padded), {}, 0));
    }
  });
}

void VerifySteps::conditioning() {
  when(
      {"step2_speaker_token", "step2_perceiver_out", "step2_emotion_token", "step2_final_cond"}, {},
      [&] {
        Listener heard(op_);
        const Tensor all = model_.t3().condition(op_, t3_voice(op_, *voice_, emotion()));
        check("step2_speaker_token", heard["t3.condition.speaker"], limit_);
        check("step2_perceiver_out", heard["t3.condition.perceiver"], limit_);
        check("step2_emotion_token", heard["t3.condition.emotion"], limit_);
        check("step2_final_cond", all, limit_);
      },
      true);
}

std::vector<std::int32_t> VerifySteps::draw(std::span<const std::int32_t> ids,
                                            const ReferenceSampling& values) {
  Random random(static_cast<std::uint64_t>(values.seed));
  const SpeechOptions options{
      .sampling = {.guidance = static_cast<float>(values.guidance),
                   .temperature = static_cast<float>(values.temperature),
                   .min_p = static_cast<float>(values.min_p),
                   .top_p = static_cast<float>(values.top_p),
                   .repetition_penalty = static_cast<float>(values.repetition_penalty)},
      .most_tokens = reference_.most_tokens(),
      .progress = {}};
  const Tensor condition = model_.t3().condition(op_, t3_voice(op_, *voice_, emotion()));
  return sound_tokens(generate_speech(op_, model_.t3(), condition, ids, options, random));
}

void VerifySteps::sampled_speech(const std::string& step, const ReferenceSampling& values,
                                 const std::string& margins) {
  when(
      {step}, {"step1_text_tokens_padded"},
      [&] {
        const std::vector<std::int32_t> ours = draw(reference_.tokens("step1_text_tokens_padded"), values);
        const std::vector<float> margin =
            reference_.has(margins) ? reference_.array(margins).values : std::vector<float>{};
        add(compare_tokens(step, ours, sound_tokens(reference_.tokens(step)), margin, close_choice));
      },
      true);
}

void VerifySteps::speech() {
  sampled_speech("step3_speech_tokens", reference_.near_greedy(), "step3_margins");
  const std::string sampled = "step3_sampled_tokens_seed" + std::to_string(reference_.sampled().seed);
  sampled_speech(sampled, reference_.sampled(), "step3_sampled_margins");
}

void VerifySteps::voice_arrays() {
  when(
      {"step4_embedding", "step4_prompt_token", "step4_prompt_feat"}, {},
      [&] {
        const flow::Voice ours = flow_voice(op_, *voice_);
        check("step4_embedding", ours.speaker, 0);
        if (reference_.has("step4_prompt_token")) {
          add(compare_tokens("step4_prompt_token", voice_->prompt, reference_.tokens("step4_prompt_token"),
                             {}, 0));
        }
        check("step4_prompt_feat", ours.prompt_mel, 0);
      },
      true);
}

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
    const std::int64_t samples = 480 * f0.shape()[1].size.number();
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

Tensor VerifySteps::rows(const std::string& step, Name row, const Axis& channel, Layout layout) {
  const ReferenceArray array = reference_.array(step);
  const bool turned = layout == Layout::channels_first;
  if (array.shape.size() != 3) {
    fail(ErrorCode::shape_mismatch, step + " has " + std::to_string(array.shape.size()) + " axes, not 3");
  }
  const std::int64_t count = array.shape[turned ? 2 : 1];
  const std::int64_t channels = array.shape[turned ? 1 : 2];
  const Shape shape{{"batch", array.shape[0]}, {row, count}, {channel.name, channels}};
  if (!turned) return op_.write(shape, array.values).from("reference");
  return op_
      .write(shape,
             transposed(array.values, static_cast<std::size_t>(channels), static_cast<std::size_t>(count)))
      .from("reference");
}

Tensor VerifySteps::vector(const std::string& step, Name axis) {
  const std::vector<float> values = reference_.array(step).values;
  return op_.write({one, {axis, static_cast<std::int64_t>(values.size())}}, values).from("reference");
}

// The reference may have been made with another exaggeration than the voice's own.
float VerifySteps::emotion() const {
  return reference_.has("step2_emotion_value") ? reference_.array("step2_emotion_value").values.at(0)
                                               : voice_->emotion;
}

flow::Condition VerifySteps::condition() {
  return {rows("step6_mu", "frame", lengths::mel), vector("step5_spk_emb", "mel"),
          rows("step6_x_cond", "frame", lengths::mel)};
}

std::int64_t VerifySteps::prompt_frames() const {
  return size_of("step4_prompt_feat", 1);
}

// A reference's array may have any shape.
std::int64_t VerifySteps::size_of(const std::string& step, std::size_t axis) const {
  const std::vector<std::int64_t> shape = reference_.array(step).shape;
  if (axis < shape.size()) return shape[axis];
  fail(ErrorCode::shape_mismatch,
       step + " has " + std::to_string(shape.size()) + " axes, not at least " + std::to_string(axis + 1));
}

// What the reference does not tell follows from mu's frames: the decoder's inputs are then compared with each
// other only.
Lengths VerifySteps::lengths() const {
  const std::string prompt = "step4_prompt_token";
  const std::string speech = "step3_speech_tokens";
  const std::int64_t tokens = size_of("step6_mu", 1) / flow::frames_per_token;
  const auto spoken =
      static_cast<std::int64_t>(reference_.has(speech) ? sound_tokens(reference_.tokens(speech)).size() : 0);
  Lengths known;
  known.set(lengths::prompt, reference_.has(prompt) ? size_of(prompt, 1) : tokens - spoken, prompt);
  known.set(lengths::speech, reference_.has(speech) ? spoken : tokens - known.all().front().value, speech);
  return known;
}

}  // namespace nightingale

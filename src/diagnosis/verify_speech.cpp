// Steps 1 to 4: the text's tokens, the conditioning, the speech tokens and the logits behind them, the voice.
#include "base/failure.hpp"
#include "diagnosis/verify_steps.hpp"
#include "models/t3/facts.hpp"
#include "synthesis/speech.hpp"
#include "text/normalise.hpp"

namespace nightingale {

namespace {

constexpr double close_choice = 1e-4;  // of the logits' scale

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
      .most_tokens = reference_.most_tokens()};
  t3::Opening opening(model_.t3().condition(op_, t3_voice(op_, *voice_, emotion())));
  return sound_tokens(generate_speech(op_, model_.t3(), opening, ids, options, random));
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

// A token hides a small error of T3, its logits do not. The reference's own tokens are fed, so that both have
// said the same before the last ones.
void VerifySteps::logits() {
  when(
      {"step3_first_logits", "step3_last_logits"}, {"step1_text_tokens_padded", "step3_speech_tokens"},
      [&] {
        const std::vector<std::int32_t> text = reference_.tokens("step1_text_tokens_padded");
        const std::vector<std::int32_t> speech = reference_.tokens("step3_speech_tokens");
        t3::Opening opening(model_.t3().condition(op_, t3_voice(op_, *voice_, emotion())));
        const std::int64_t rows = model_.t3().condition_rows() + t3::starts_of_speech +
                                  static_cast<std::int64_t>(text.size() + speech.size());
        const t3::Branches branches = model_.t3().make_branches(op_, t3::Guidance::on, rows);
        const Tensor words = op_.write_ids({one, {"row", static_cast<std::int64_t>(text.size())}}, text);
        Tensor now = model_.t3().prefill(op_, opening, words, branches);
        check("step3_first_logits", now, limit_);
        // A run that stopped early chose the stop token last, and that is not among the speech.
        const bool stopped = static_cast<std::int64_t>(speech.size()) < reference_.most_tokens();
        const std::size_t fed = speech.size() - (stopped || speech.empty() ? 0 : 1);
        for (std::size_t i = 0; i < fed; ++i) {
          now = model_.t3().step(op_, speech[i], static_cast<std::int64_t>(i) + 1, branches);
        }
        check("step3_last_logits", now, limit_);
      },
      true);
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

}  // namespace nightingale

// What every group of steps needs: the order, what is missing, the reference's arrays as tensors.
#include "diagnosis/verify_steps.hpp"

#include <algorithm>

#include "base/failure.hpp"
#include "synthesis/speech.hpp"

namespace nightingale {

namespace {

constexpr double small_limit = 1e-5;  // upstream's own float32 is within 2e-6 of double there
constexpr double small_audio_limit = 1e-4;
constexpr double full_limit = 1e-4;  // longer sums round more
constexpr double full_audio_limit = 1e-3;
constexpr std::int64_t full_size_width = 512;  // a T3 this wide counts as full size

const Axis one{"batch", 1};

}  // namespace

VerifySteps::VerifySteps(const Model& model, const ReferenceFolder& reference, const VoiceArrays* voice)
    : model_(model),
      reference_(reference),
      voice_(voice),
      op_(model.ops()) {
  const bool full = model.t3().model_width() >= full_size_width;
  limit_ = full ? full_limit : small_limit;
  audio_limit_ = full ? full_audio_limit : small_audio_limit;
}

std::vector<VerifiedStep> VerifySteps::run() {
  text();
  conditioning();
  speech();
  logits();
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

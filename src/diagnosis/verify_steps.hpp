// The steps of a reference folder, one member function each group; docs/verify.md says what each array is.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "diagnosis/comparison.hpp"
#include "models/lengths.hpp"
#include "synthesis/inputs.hpp"

namespace nightingale {

class VerifySteps {
 public:
  VerifySteps(const Model& model, const ReferenceFolder& reference, const VoiceArrays* voice);

  std::vector<VerifiedStep> run();

 private:
  void text();          // 1
  void conditioning();  // 2
  void speech();        // 3
  void logits();        // 3: of both guidance branches, at the first and the last token
  void voice_arrays();  // 4
  void embedding();     // 5
  void encoder();       // 6
  void velocity();      // 7: one evaluation of the decoder, and the guidance
  void trajectory();    // 7: the Euler steps
  void vocoder();       // 8
  void end_to_end();

  void sampled_speech(const std::string& step, const ReferenceSampling& values, const std::string& margins);
  void trajectory_from(const std::string& start, const std::string& prefix);

  // Runs `check` when every named array is there and `ready` holds; else the steps are skipped with the
  // reason.
  void when(std::initializer_list<std::string> results, std::initializer_list<std::string> inputs,
            const std::function<void()>& check, bool needs_voice = false);
  bool has_done(const std::string& step) const;
  void add(VerifiedStep step) { done_.push_back(std::move(step)); }
  void check(const std::string& step, const Tensor& ours, double limit, Layout layout = Layout::same);

  // Arrays of the reference as the networks take them.
  Tensor rows(const std::string& step, Name row, const Axis& channel, Layout layout = Layout::same);
  Tensor vector(const std::string& step, Name axis);
  float emotion() const;
  flow::Condition condition();
  std::int64_t prompt_frames() const;
  std::int64_t size_of(const std::string& step, std::size_t axis) const;
  Lengths lengths() const;
  std::vector<std::int32_t> draw(std::span<const std::int32_t> text, const ReferenceSampling& values);

  const Model& model_;
  const ReferenceFolder& reference_;
  const VoiceArrays* voice_;
  Ops& op_;
  double limit_, audio_limit_;
  std::vector<VerifiedStep> done_;
};

}  // namespace nightingale

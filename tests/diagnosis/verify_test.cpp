// Every step of the small models against what PyTorch computed, and the honesty of the comparison itself.
#include "diagnosis/verify.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "checkpoint/files.hpp"
#include "checkpoint/npy.hpp"
#include "diagnosis/comparison.hpp"
#include "diagnosis/verify_baking.hpp"
#include "synthesis/golden_model.hpp"
#include "synthesis/whole_s3gen.hpp"

using namespace nightingale;
using test::golden;
using Names = std::vector<std::string>;

namespace {

std::string story_of(const VerifiedStep& step) {
  return step.step + " " + step.axes + ": error " + std::to_string(step.error) + ", " + step.detail;
}

// Every step is equal but those that the reference does not hold, which are named here, so that a step cannot
// drop out unseen.
void check_all_equal(const Verification& verification, const Names& not_held) {
  Names skipped;
  for (const VerifiedStep& step : verification.steps) {
    if (step.verdict == Verdict::skipped) {
      skipped.push_back(step.step);
    } else {
      CHECK_MESSAGE(step.verdict == Verdict::equal, story_of(step));
    }
  }
  CHECK(skipped == not_held);
  CHECK(verification.ok());
}

Verification verify_golden(const std::string& model, const std::string& reference,
                           std::unique_ptr<Ops> substrate = make_cpu({1})) {
  const Model opened = test::open_model(golden(model + "/model"), std::move(substrate));
  const VoiceArrays voice = read_voice(golden(reference + "/voice"));
  return verify(opened, ReferenceFolder(golden(reference + "/reference")), &voice);
}

void verify_shared(const std::string& name, Names not_held) {
  const std::string folder = test::shared_path("reference/" + name);
  if (folder.empty()) return;
  const Model model = test::open_model(folder + "/model");
  const VoiceArrays voice = read_voice(folder + "/voice");
  check_all_equal(verify(model, ReferenceFolder(folder + "/reference"), &voice), not_held);
}

// A reference folder of a few of the English golden's arrays, to be damaged.
class Excerpt {
 public:
  explicit Excerpt(const Names& arrays) {
    copy("metadata.json");
    for (const std::string& array : arrays) copy(array + ".npy");
  }

  ReferenceArray array(const std::string& name) const { return ReferenceFolder(folder_.path()).array(name); }

  void write(const std::string& name, const ReferenceArray& array) const {
    write_npy(folder_ / (name + ".npy"),
              {name, StoredType::f32, array.shape, false, std::as_bytes(std::span(array.values))});
  }

  // Puts `number` in the place of one number and returns what was there.
  float change(const std::string& name, std::size_t index, float number) const {
    ReferenceArray changed = array(name);
    const float before = changed.values.at(index);
    changed.values[index] = number;
    write(name, changed);
    return before;
  }

  Verification verified(const VoiceArrays* voice = nullptr) const {
    static const Model model = test::open_model(golden("english/model"));
    return verify(model, ReferenceFolder(folder_.path()), voice);
  }
  VerifiedStep step(const std::string& name) const {
    for (const VerifiedStep& step : verified().steps) {
      if (step.step == name) return step;
    }
    FAIL("no step ", name);
    return {};
  }

 private:
  void copy(const std::string& name) const {
    std::filesystem::copy_file(golden("english/reference/" + name), folder_ / name);
  }
  test::TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("every_step_of_the_english_golden_is_equal") {
  check_all_equal(verify_golden("english", "english"), {"step0_voice"});
}

TEST_CASE("every_step_with_an_odd_prompt_is_equal") {
  check_all_equal(verify_golden("english", "english-odd"), {"step0_voice"});
}

TEST_CASE("every_step_of_the_multilingual_golden_is_equal") {
  check_all_equal(verify_golden("multilingual", "multilingual"), {"step0_voice"});
}

TEST_CASE("every_step_is_equal_by_the_reference_loops_too") {
  check_all_equal(verify_golden("multilingual", "multilingual", make_reference()), {"step0_voice"});
}

TEST_CASE("every_step_of_tiny_joe_is_equal") {
  verify_shared("tiny-joe", {"step3_first_logits", "step3_last_logits", "ode_step1_v_mix"});
}

TEST_CASE("every_step_of_tiny_samantha_is_equal") {
  verify_shared("tiny-samantha",
                {"step0_voice", "step3_first_logits", "step3_last_logits", "ode_step1_v_mix"});
}

// A model folder that listens: the English golden's, with the networks of the cloning golden.
void write_listening_model(const test::TemporaryFolder& folder) {
  namespace fs = std::filesystem;
  for (const auto& entry : fs::directory_iterator(golden("english/model"))) {
    if (entry.path().filename() != "s3gen.safetensors") fs::copy(entry.path(), folder.path());
  }
  fs::copy(golden("cloning/model/ve.safetensors"), folder.path());
  test::write_whole_s3gen(folder);
}

TEST_CASE("a_voice_folder_that_keeps_its_recording_is_baked_again_and_compared") {
  const test::TemporaryFolder folder;
  write_listening_model(folder);
  const Model model = test::open_model(folder.path());
  VoiceArrays voice = read_voice(golden("cloning/voice-short"));
  const std::vector<VerifiedStep> steps = verify_baking(model, voice);
  Names names;
  for (const VerifiedStep& step : steps) {
    CHECK_MESSAGE(step.verdict == Verdict::equal, story_of(step));
    names.push_back(step.step);
  }
  CHECK(names == Names{"step0_audio_16k", "step0_soul_t3_256", "step0_t3_cond_tokens", "step0_emotion_adv",
                       "step0_soul_s3_192", "step0_prompt_token", "step0_prompt_feat"});

  voice.prompt[3] = (voice.prompt[3] + 1) % 6561;
  voice.speaker[0] += 0.01F;
  voice.prompt_mel.resize(voice.prompt_mel.size() - 80);
  const std::vector<VerifiedStep> spoilt = verify_baking(model, voice);
  CHECK(spoilt[1].verdict == Verdict::differs);
  CHECK(spoilt[5].verdict == Verdict::differs);
  CHECK(spoilt[5].detail.find("token 3: ") == 0);
  CHECK(spoilt[6].verdict == Verdict::shape);
}

TEST_CASE("a_voice_without_its_recording_or_a_model_that_cannot_listen_is_said_to_be_skipped") {
  const Model deaf = test::open_model(golden("english/model"));
  const auto only = [&](const std::string& voice) {
    return verify_baking(deaf, read_voice(golden(voice))).at(0);
  };
  CHECK(only("english/voice").verdict == Verdict::skipped);
  CHECK(only("english/voice").detail.find("audio_24k.npy") != std::string::npos);
  CHECK(only("cloning/voice").verdict == Verdict::skipped);
  CHECK(only("cloning/voice").detail.find("ve.safetensors") != std::string::npos);
}

TEST_CASE("verify_names_the_one_number_that_differs") {
  const Excerpt excerpt({"step4_prompt_feat", "step6_mu", "step6_x_cond"});
  CHECK(excerpt.step("step6_x_cond").verdict == Verdict::equal);
  excerpt.change("step6_x_cond", 17 * 80 + 3, 0.25F);
  const VerifiedStep step = excerpt.step("step6_x_cond");
  CHECK(step.verdict == Verdict::differs);
  CHECK(step.axes == "[batch 1, frame 78, mel 80]");
  CHECK_MESSAGE(step.detail.starts_with("first at [batch 0, frame 17, mel 3]: "), step.detail);
  CHECK_MESSAGE(step.detail.ends_with(", reference 0.25"), step.detail);
  CHECK(!excerpt.verified().ok());
}

TEST_CASE("verify_names_places_by_our_axes_where_the_reference_lies_channels_first") {
  const Excerpt excerpt({"ode_step1_v_cond", "ode_step1_v_uncond", "ode_step1_v_mix"});
  CHECK(excerpt.step("ode_step1_v_mix").verdict == Verdict::equal);
  excerpt.change("ode_step1_v_mix", 5 * 78 + 9, 1000);
  CHECK_MESSAGE(excerpt.step("ode_step1_v_mix").detail.starts_with("first at [batch 0, frame 9, mel 5]: "),
                excerpt.step("ode_step1_v_mix").detail);
}

TEST_CASE("verify_finds_a_number_that_is_not_finite") {
  const Excerpt excerpt({"step4_prompt_feat", "step6_mu", "step6_x_cond"});
  excerpt.change("step6_x_cond", 2 * 80 + 7, std::numeric_limits<float>::quiet_NaN());
  const VerifiedStep step = excerpt.step("step6_x_cond");
  CHECK(step.verdict == Verdict::differs);
  CHECK_MESSAGE(step.detail.starts_with("first at [batch 0, frame 2, mel 7]: "), step.detail);
}

TEST_CASE("verify_names_the_token_that_differs") {
  const Excerpt excerpt({"step4_prompt_token", "step3_speech_tokens", "step5_full_tokens"});
  CHECK(excerpt.step("step5_full_tokens").verdict == Verdict::equal);
  const float before = excerpt.change("step5_full_tokens", 4, 77);
  const VerifiedStep step = excerpt.step("step5_full_tokens");
  CHECK(step.verdict == Verdict::differs);
  CHECK(step.detail == "token 4: " + std::to_string(static_cast<int>(before)) + ", reference 77");
}

TEST_CASE("verify_excuses_a_close_choice_and_says_so") {
  const std::vector<std::int32_t> ours{4, 5, 6};
  const std::vector<std::int32_t> theirs{4, 9, 6};
  const VerifiedStep clear = compare_tokens("step3", ours, theirs, std::vector<float>{1, 0.01F, 1}, 1e-4);
  CHECK(clear.verdict == Verdict::differs);
  CHECK(clear.detail == "token 1: 5, reference 9");
  const VerifiedStep close = compare_tokens("step3", ours, theirs, std::vector<float>{1, 2e-5F, 1}, 1e-4);
  CHECK(close.verdict == Verdict::equal);
  CHECK(close.detail == "token 1: 5, reference 9; a close choice (margin 2.0e-05), the rest is not compared");
  CHECK(compare_tokens("step3", std::span(ours).first(2), ours, {}, 0).detail ==
        "token 2: the end, reference 6");
}

TEST_CASE("verify_skips_what_is_not_there_and_says_what_it_needs") {
  const Excerpt excerpt({"step6_x_cond", "step2_final_cond", "step8_audio"});
  CHECK(excerpt.step("step6_x_cond").detail == "needs step4_prompt_feat, step6_mu");
  CHECK(excerpt.step("step2_final_cond").detail == "needs a voice");
  CHECK(excerpt.step("step2_perceiver_out").detail == "not in the reference");
  CHECK(excerpt.step("step8_audio").detail == "needs step7_mel_trimmed, step8_source");
  const Verification verification = excerpt.verified();
  CHECK(verification.ok());
  const std::string summary =
      "\n0 equal, 0 differ, " + std::to_string(verification.steps.size()) + " skipped";
  CHECK_MESSAGE(verification.text().ends_with(summary), verification.text());
}

TEST_CASE("verify_runs_the_decoder_without_knowing_the_lengths") {
  const Names decoder{"step6_mu", "step5_spk_emb", "step6_x_cond", "ode_traj_step0", "ode_step1_v_cond"};
  for (const std::string told : {"", "step4_prompt_token", "step3_speech_tokens"}) {
    CAPTURE(told);
    Names arrays = decoder;
    if (!told.empty()) arrays.push_back(told);
    const VerifiedStep step = Excerpt(arrays).step("ode_step1_v_cond");
    CHECK_MESSAGE(step.verdict == Verdict::equal, story_of(step));
  }
}

TEST_CASE("verify_calls_a_reference_of_other_sizes_by_its_shape") {
  const Excerpt excerpt({"step4_prompt_feat", "step6_mu", "step6_x_cond"});
  ReferenceArray longer = excerpt.array("step6_x_cond");
  longer.shape[1] += 1;
  longer.values.resize(longer.values.size() + 80);
  excerpt.write("step6_x_cond", longer);
  const VerifiedStep step = excerpt.step("step6_x_cond");
  CHECK(step.verdict == Verdict::shape);
  CHECK(step.detail == "the reference holds [1, 79, 80], ours is [1, 78, 80]");
  CHECK(!excerpt.verified().ok());
}

TEST_CASE("verify_survives_arrays_of_fewer_axes_than_they_should_have") {
  const Names arrays{"step4_prompt_feat", "step4_prompt_token",  "step5_full_tokens", "step5_token_emb",
                     "step5_spk_emb",     "step6_encoder_out",   "step6_mu",          "step6_x_cond",
                     "step7_mel",         "step7_initial_noise", "step7_mel_trimmed", "step3_speech_tokens",
                     "step8_f0",          "step8_source",        "step8_audio_raw",   "ode_step1_v_cond"};
  for (const std::string& array : arrays) {
    CAPTURE(array);
    const Excerpt excerpt(arrays);
    for (const ReferenceArray& odd : {ReferenceArray{{}, {3}}, ReferenceArray{{2}, {3, 4}}}) {
      excerpt.write(array, odd);
      CHECK(!excerpt.verified().ok());
    }
  }
}

TEST_CASE("verify_as_json_has_the_fields_that_programs_read") {
  const Excerpt excerpt({"step4_prompt_feat", "step6_mu", "step6_x_cond"});
  const auto json = nlohmann::json::parse(excerpt.verified().json());
  CHECK(json.size() == 2);
  CHECK(json.at("ok") == true);
  const auto same = std::find_if(json.at("steps").begin(), json.at("steps").end(),
                                 [](const auto& step) { return step.at("step") == "step6_x_cond"; });
  REQUIRE(same != json.at("steps").end());
  CHECK(*same == nlohmann::json{{"step", "step6_x_cond"},
                                {"axes", "[batch 1, frame 78, mel 80]"},
                                {"error", 0.0},
                                {"limit", 0.0},
                                {"verdict", "equal"},
                                {"detail", ""}});
  excerpt.change("step6_x_cond", 0, std::numeric_limits<float>::quiet_NaN());
  CHECK(nlohmann::json::parse(excerpt.verified().json()).at("ok") == false);
}

#include "diagnosis/verify_baking.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "audio/resample.hpp"
#include "base/failure.hpp"
#include "checkpoint/npy.hpp"
#include "diagnosis/comparison.hpp"
#include "models/lengths.hpp"
#include "voice/bake.hpp"

namespace nightingale {

namespace {

namespace fs = std::filesystem;

constexpr double array_limit = 1e-5;
constexpr double fbank_limit = 1e-4;
constexpr float border_limit = 1e-4F;
constexpr std::size_t most_listed = 5;

ReferenceArray read_array(const fs::path& folder, const std::string& name) {
  const TensorFile file = read_npy((folder / (name + ".npy")).string());
  const StoredTensor& stored = file.tensors().front();
  return {stored.shape, to_float(stored)};
}

// Each token by itself: one that differs does not change the next.
VerifiedStep compare_tokens(const std::string& step, const SpeechTokens& ours,
                            const std::vector<std::int32_t>& theirs) {
  VerifiedStep out{.step = step,
                   .axes = fmt::format("[speech {}]", theirs.size()),
                   .error = 0,
                   .limit = 0,
                   .verdict = Verdict::equal,
                   .detail = {}};
  if (ours.tokens.size() != theirs.size()) {
    out.verdict = Verdict::shape;
    out.detail = fmt::format("the reference holds {} tokens, ours are {}", theirs.size(), ours.tokens.size());
    return out;
  }
  std::size_t differing = 0;
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    if (ours.tokens[i] == theirs[i]) continue;
    if (ours.margins[i] >= border_limit) out.verdict = Verdict::differs;
    if (++differing > most_listed) continue;
    out.detail += fmt::format("{}token {}: {}, reference {}, {:.1e} from a rounding border",
                              out.detail.empty() ? "" : "; ", i, ours.tokens[i], theirs[i], ours.margins[i]);
  }
  if (differing > most_listed) out.detail += fmt::format("; and {} more", differing - most_listed);
  out.error = static_cast<double>(differing) / static_cast<double>(std::max<std::size_t>(1, theirs.size()));
  return out;
}

// The voice folder's signals through our networks, one step for each array.
class VerifyBaking {
 public:
  VerifyBaking(Ops& op, const BakingNetworks& networks, const VoiceArrays& voice)
      : op_(op),
        networks_(networks),
        voice_(voice),
        folder_(voice.origin) {}

  std::vector<VerifiedStep> run() {
    const ReferenceArray audio_24k = read_array(folder_, "audio_24k"),
                         audio_16k = read_array(folder_, "audio_16k");
    const Clip clip{audio_24k.values, audio_16k.values};
    check("step0_audio_16k", {{"sample", Size(static_cast<std::int64_t>(audio_16k.values.size()))}},
          resampled(clip), audio_16k.values, array_limit);
    const BakedSteps ours = bake_steps(op_, networks_, clip);
    const VoiceArrays& arrays = ours.arrays;
    const auto width = [](const std::vector<float>& numbers) {
      return Size(static_cast<std::int64_t>(numbers.size()));
    };
    check("step0_soul_t3_256", {{"speaker", width(arrays.speaker)}}, arrays.speaker, voice_.speaker,
          array_limit);
    done_.push_back(compare_tokens("step0_t3_cond_tokens", ours.condition_prompt, voice_.condition_prompt));
    check("step0_emotion_adv", {{"emotion", 1}}, {arrays.emotion}, {voice_.emotion}, array_limit);
    check("step0_soul_s3_192", {{"speaker", width(arrays.flow_speaker)}}, arrays.flow_speaker,
          voice_.flow_speaker, fbank_limit);
    done_.push_back(compare_tokens("step0_prompt_token", ours.prompt, voice_.prompt));
    check("step0_prompt_feat", {{"frame", arrays.prompt_frames}, lengths::mel}, arrays.prompt_mel,
          voice_.prompt_mel, array_limit);
    return std::move(done_);
  }

 private:
  static std::vector<float> resampled(const Clip& clip) {
    return resample_soxr(clip.samples_24k, clip_rate, listening_rate);
  }

  void check(const std::string& step, const Shape& shape, const std::vector<float>& ours,
             const std::vector<float>& theirs, double limit) {
    std::vector<std::int64_t> sizes;
    for (const Axis& axis : shape) sizes.push_back(axis.size.number());
    if (ours.size() == theirs.size()) {
      done_.push_back(compare(step, shape, ours, {sizes, theirs}, limit));
    } else {
      done_.push_back(
          compare(step, shape, ours, {{static_cast<std::int64_t>(theirs.size())}, theirs}, limit));
    }
  }

  Ops& op_;
  const BakingNetworks& networks_;
  const VoiceArrays& voice_;
  fs::path folder_;
  std::vector<VerifiedStep> done_;
};

}  // namespace

std::vector<VerifiedStep> verify_baking(const Model& model, const VoiceArrays& voice) {
  const auto kept = [&](const char* name) { return fs::exists(fs::path(voice.origin) / name); };
  if (!kept("audio_24k.npy") || !kept("audio_16k.npy")) {
    return {skipped("step0_voice", "the voice folder has no audio_24k.npy and audio_16k.npy to bake")};
  }
  try {
    const BakingFolder files = find_baking_model(model.folder().path, WantedLanguage::automatic, "");
    const BakingNetworks networks(files.voice_encoder, files.s3gen, model.ops());
    return VerifyBaking(model.ops(), networks, voice).run();
  } catch (const Failure& failure) {
    VerifiedStep step = skipped("step0_voice", failure.error().sentence);
    if (failure.error().code != ErrorCode::model_missing) step.verdict = Verdict::differs;
    return {step};
  }
}

}  // namespace nightingale

// The stages of a model, one by one on random input of a fixed size, for `nightingale bench`.
//
// The work is the same whatever the numbers are, so a bench needs no voice and no text. The decoding is timed
// without the prefill; each token is chosen as upstream does, and the stop token does not end it. Baking is
// timed on a recording: bench_bake.hpp.
#include <algorithm>
#include <array>
#include <chrono>

#include "api/bench_bake.hpp"
#include "api/guarded.hpp"
#include "api/open_model.hpp"
#include "checkpoint/open_tensor_file.hpp"
#include "diagnosis/timeline.hpp"
#include "models/lengths.hpp"
#include "models/t3/facts.hpp"
#include "models/t3/sampler.hpp"
#include "nightingale/nightingale.hpp"
#include "synthesis/inputs.hpp"

namespace nightingale {

namespace {

// 10 s of prompt, 5 s of speech, and about as much text as that is.
constexpr std::int64_t prompt_tokens = 250, speech_tokens = 125, text_tokens = 60;
constexpr std::int64_t decoded_tokens = 100;
constexpr std::size_t sequences_together = 4;
constexpr std::uint64_t seed = 1;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<std::int32_t> random_tokens(Random& random, std::int64_t count, std::int64_t codes) {
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(count));
  for (std::int32_t& token : tokens) {
    token = static_cast<std::int32_t>(random.bits() % static_cast<std::uint32_t>(codes));
  }
  return tokens;
}

VoiceArrays random_voice(Random& random) {
  VoiceArrays voice;
  voice.speaker.resize(t3::speaker_channels);
  voice.flow_speaker.resize(flow::speaker_channels);
  voice.prompt_frames = flow::frames_per_token * prompt_tokens;
  voice.prompt_mel.resize(static_cast<std::size_t>(voice.prompt_frames * lengths::mel.size.number()));
  random.uniform(voice.speaker);
  random.normal(voice.flow_speaker);
  random.normal(voice.prompt_mel);
  voice.condition_prompt = random_tokens(random, t3::longest_prompt, t3::speech_codes);
  voice.prompt = random_tokens(random, prompt_tokens, t3::speech_codes);
  return voice;
}

// Sequences that decode together, each the same text.
struct Decoders {
  std::vector<t3::Branches> branches;
  std::vector<t3::Sampler> samplers;
  std::vector<std::int32_t> tokens;  // the last of each

  // Logits [batch, row 1, speech_vocabulary], both branches of one sequence after the other.
  void choose(std::span<const float> logits, std::size_t first) {
    const std::size_t vocabulary = logits.size() / 2 / (tokens.size() - first);
    for (std::size_t i = first; i < tokens.size(); ++i) {
      const auto own = logits.subspan(2 * vocabulary * (i - first), 2 * vocabulary);
      tokens[i] = samplers[i].next(own.first(vocabulary), own.last(vocabulary));
    }
  }
};

BenchStage time_tokens(const Model& model, const VoiceArrays& voice, Random& random, std::size_t together) {
  Ops& op = model.ops();
  const t3::T3& t3 = model.t3();
  t3::Opening opening(t3.condition(op, t3_voice(op, voice, voice.emotion)));
  const std::int64_t text_rows = std::min(text_tokens, t3.most_text());
  const Tensor text = op.write_ids({{"batch", 1}, {"row", text_rows}},
                                   random_tokens(random, text_rows, t3.text_vocabulary()));
  const std::int64_t count = std::min(decoded_tokens, t3.most_speech() - 1);
  const std::int64_t rows = t3.condition_rows() + text_rows + t3::starts_of_speech + count;
  Decoders all;
  std::vector<Cache*> caches;
  for (std::size_t i = 0; i < together; ++i) {
    all.branches.push_back(t3.make_branches(op, t3::Guidance::on, rows));
    all.samplers.emplace_back(t3::Sampling{}, random);
    all.tokens.push_back(0);
    for (Cache* cache : all.branches.back().each()) caches.push_back(cache);
    all.choose(op.read(t3.prefill(op, opening, text, all.branches.back())), i);
  }
  const Shape shape{{"batch", static_cast<std::int64_t>(2 * together)}, {"row", 1}};
  const Clock::time_point start = Clock::now();
  for (std::int64_t index = 1; index <= count; ++index) {
    std::vector<std::int32_t> ids;
    for (const std::int32_t token : all.tokens) ids.insert(ids.end(), 2, token);
    const std::vector<std::int32_t> indices(ids.size(), static_cast<std::int32_t>(index));
    all.choose(op.read(t3.step(op, op.write_ids(shape, ids), op.write_ids(shape, indices), caches)), 0);
  }
  const auto texts = static_cast<std::int64_t>(together);
  return {texts == 1 ? "tokens" : "together", seconds_since(start), count * texts,
          static_cast<double>(count * t3.bytes_of_step()), texts};
}

BenchStage time_mel(const Model& model, const VoiceArrays& voice, Random& random) {
  Ops& op = model.ops();
  const Lengths lengths = lengths_of(voice, speech_tokens);
  const std::vector<std::int32_t> tokens = random_tokens(random, speech_tokens, t3::speech_codes);
  const Clock::time_point start = Clock::now();
  const flow::Condition condition =
      model.flow().condition(op, lengths, flow_voice(op, voice), speech_ids(op, tokens));
  const Tensor noise = draw_mel_noise(op, lengths::frame.size.at(lengths).number(), random);
  op.read(model.flow().solve(op, lengths, noise, condition, {}));
  return {"mel", seconds_since(start), speech_tokens};
}

BenchStage time_samples(const Model& model, const VoiceArrays& voice, Random& random) {
  Ops& op = model.ops();
  const Lengths lengths = lengths_of(voice, speech_tokens);
  const Tensor mel = draw_mel_noise(op, lengths::out_frame.size.at(lengths).number(), random);
  const Clock::time_point start = Clock::now();
  const hift::SourceNoise noise = draw_source_noise(op, lengths::sample.size.at(lengths).number(), random);
  op.read(model.hift().forward(op, lengths, mel, noise));
  return {"samples", seconds_since(start), speech_tokens};
}

BenchStage time_speaking(const Model& model, const std::string& stage) {
  Random random(seed);
  const VoiceArrays voice = random_voice(random);
  if (stage == "tokens") return time_tokens(model, voice, random, 1);
  if (stage == "together") return time_tokens(model, voice, random, sequences_together);
  return stage == "mel" ? time_mel(model, voice, random) : time_samples(model, voice, random);
}

constexpr std::array speaking_stages{"tokens", "together", "mel", "samples"};
constexpr const char* baking_stage = "bake";

bool has(const std::vector<std::string>& stages, const std::string& stage) {
  return std::find(stages.begin(), stages.end(), stage) != stages.end();
}

void refuse_strangers(const std::vector<std::string>& stages) {
  for (const std::string& stage : stages) {
    if (has(Bench::stages(), stage)) continue;
    fail(ErrorCode::option_invalid, "there is no stage called " + stage,
         "the stages are tokens, together, mel, samples, bake");
  }
}

// Whether the folder holds the networks that listen beside those that speak.
bool can_bake(const std::string& model) {
  try {
    const BakingFolder folder = find_baking_model(model, WantedLanguage::automatic, "");
    const TensorFile s3gen = open_tensor_file(folder.s3gen);
    return std::any_of(s3gen.tensors().begin(), s3gen.tensors().end(),
                       [](const StoredTensor& tensor) { return tensor.name.starts_with("tokenizer."); });
  } catch (const Failure&) {
    return false;
  }
}

}  // namespace

std::vector<std::string> Bench::stages() {
  std::vector<std::string> all(speaking_stages.begin(), speaking_stages.end());
  all.emplace_back(baking_stage);
  return all;
}

Result<Bench> Bench::open(const std::string& model, const EngineOptions& given,
                          const std::vector<std::string>& stages) {
  return guarded([&] {
    refuse_strangers(stages);
    Bench bench;
    bench.stages_ = stages.empty() ? Bench::stages() : stages;
    if (stages.empty() && !can_bake(model)) bench.stages_.pop_back();
    const bool speaks = std::any_of(speaking_stages.begin(), speaking_stages.end(),
                                    [&](const char* stage) { return has(bench.stages_, stage); });
    const EngineOptions options{.threads = given.threads, .precisions = given.precisions, .watermark = false};
    if (speaks) bench.model_ = open_model(model, options);
    if (has(bench.stages_, baking_stage)) bench.bakery_ = open_bakery(model, options);
    return bench;
  });
}

Result<BenchStage> Bench::run(const std::string& stage, const std::string& recording) const {
  return guarded([&] {
    refuse_strangers({stage});
    if (!has(stages_, stage)) {
      fail(ErrorCode::option_invalid, "the stage " + stage + " was not opened",
           "name it when opening a bench");
    }
    return stage == baking_stage ? time_bake(*bakery_, recording) : time_speaking(*model_, stage);
  });
}

Result<std::string> Bench::timeline(const std::string& recording) const {
  Timeline timeline;
  for (const std::string& stage : stages_) {
    Ops& op = stage == baking_stage ? *bakery_->substrate : model_->ops();
    op.trace_to(&timeline);
    const Result<BenchStage> ran = run(stage, recording);
    op.trace_to(nullptr);
    if (!ran.ok()) return ran.error();
  }
  return timeline.json();
}

}  // namespace nightingale

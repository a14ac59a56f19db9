// The proof of every published checkpoint from its manifest: names and shapes alone show that the pipeline
// fits together, for every length of text, prompt and speech.
#include "synthesis/proof.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/failure.hpp"
#include "checkpoint/files.hpp"
#include "checkpoint/manifest.hpp"
#include "models/flow/facts.hpp"
#include "models/hift/facts.hpp"
#include "models/lengths.hpp"
#include "models/t3/facts.hpp"
#include "ops/shapes.hpp"
#include "synthesis/model.hpp"
#include "voice/baking_networks.hpp"

using namespace nightingale;
namespace l = nightingale::lengths;

namespace {

const std::string manifests = NIGHTINGALE_SOURCE "/tests/manifests/";
const std::set<std::string> t3_files{"t3_cfg.safetensors", "t3_mtl23ls_v2.safetensors",
                                     "t3_mtl23ls_v3.safetensors"};
const std::set<std::string> s3gen_files{"s3gen.safetensors", "s3gen.pt", "s3gen_v3.safetensors",
                                        "s3gen_v3.pt"};

const std::set<std::string> voice_encoder_files{"ve.safetensors", "ve.pt"};
const std::string perth_file = "perth_net_250000.pth.tar";

// The published files that no network here reads yet.
const std::map<std::string, std::string> not_covered{
    {"t3_turbo_v1.safetensors", "T3 on GPT-2 medium"},
    {"t3_nano_v1.safetensors", "T3 on GPT-2 small"},
    {"s3gen_meanflow.safetensors", "the flow of two steps, which also reads the step's end"},
    {"conds.pt.base", "a voice, no network"},
    {"conds.pt.turbo_nano", "a voice, no network"},
};

struct BoundT3 {
  Binding binding;
  std::unique_ptr<t3::T3> network;

  explicit BoundT3(const std::string& file)
      : binding(read_manifest(manifests + file + ".json"), "T3"),
        network(bind_t3(binding)) {
    binding.judge();
  }
};

struct BoundFlow {
  Binding binding;
  BoundS3gen networks;

  explicit BoundFlow(const std::string& file)
      : binding(read_manifest(manifests + file + ".json"), "flow and vocoder"),
        networks(bind_s3gen(binding)) {
    binding.judge();
  }
};

std::map<std::string, std::int64_t> sizes_of(const Binding& binding) {
  std::map<std::string, std::int64_t> sizes;
  for (const SolvedSize& size : binding.sizes()) sizes[size.name] = size.value;
  return sizes;
}

std::map<std::string, std::int64_t> layers_of(const Binding& binding) {
  std::map<std::string, std::int64_t> layers;
  for (const LayerCount& row : binding.layers()) layers[row.path] = row.count;
  return layers;
}

const Axis one{"batch", 1};

// The flow's inputs for these lengths, without numbers.
struct Request {
  std::int64_t prompt, prompt_frames, speech;

  Lengths lengths() const {
    Lengths known;
    known.set(l::prompt, prompt, "voice");
    known.set(l::prompt_frame, prompt_frames, "voice");
    known.set(l::speech, speech, "t3");
    return known;
  }
  flow::Condition condition(Ops& op, const flow::Flow& flow) const {
    const flow::Voice voice{op.zeros({one, {"speaker", flow::speaker_channels}}).from("voice"),
                            op.write_ids({one, {"prompt", prompt}}, {}).from("voice"),
                            op.zeros({one, {"frame", prompt_frames}, l::mel}).from("voice")};
    return flow.condition(op, lengths(), voice, op.write_ids({one, {"speech", speech}}, {}).from("t3"));
  }
  Tensor noise(Ops& op, std::int64_t frames) const {
    return op.zeros({one, {"frame", frames}, l::mel}).from("noise");
  }
};

}  // namespace

TEST_CASE("every_published_manifest_is_proved_or_has_a_reason_not_to_be") {
  for (const auto& entry : std::filesystem::directory_iterator(manifests)) {
    if (entry.path().extension() != ".json") continue;
    const std::string file = entry.path().stem().string();
    const bool read = file == perth_file || t3_files.count(file) == 1 || s3gen_files.count(file) == 1 ||
                      voice_encoder_files.count(file) == 1;
    const bool covered = read != (not_covered.count(file) == 1);
    CHECK_MESSAGE(covered, file);
  }
}

TEST_CASE("t3_is_proved_from_every_manifest") {
  for (const std::string& file : t3_files) {
    CAPTURE(file);
    const BoundT3 bound(file);
    CHECK(prove(*bound.network) ==
          std::vector<std::string>{"t3.condition = [batch 1, row 34, model 1024]",
                                   "t3.prefill = [batch 2, row 1, speech_vocabulary 8194]",
                                   "t3.step = [batch 2, row 1, speech_vocabulary 8194]",
                                   "t3.cache = text + 37 rows after one step"});
  }
}

TEST_CASE("flow_and_vocoder_are_proved_from_every_manifest") {
  for (const std::string& file : s3gen_files) {
    CAPTURE(file);
    const BoundFlow bound(file);
    CHECK(prove(*bound.networks.flow, *bound.networks.hift) ==
          std::vector<std::string>{"mu = [batch 1, frame = 2·(prompt + speech), mel 80]",
                                   "velocity = [batch 1, frame = 2·(prompt + speech), mel 80]",
                                   "mel = [batch 1, frame = out_frame, mel 80]",
                                   "audio = [batch, 480·out_frame]"});
  }
}

TEST_CASE("the_whole_pipeline_is_proved_from_the_english_manifests") {
  const BoundT3 t3("t3_cfg.safetensors");
  const BoundFlow s3gen("s3gen.safetensors");
  const auto lines = prove(*t3.network, *s3gen.networks.flow, *s3gen.networks.hift);
  REQUIRE(lines.size() == 8);
  CHECK(lines.back() == "audio = [batch, 480·out_frame]");
}

TEST_CASE("t3_cfg_solves_to_the_sizes_of_the_paper") {
  const BoundT3 bound("t3_cfg.safetensors");
  CHECK(sizes_of(bound.binding) == std::map<std::string, std::int64_t>{{"head", 16},
                                                                       {"hidden", 4096},
                                                                       {"model", 1024},
                                                                       {"query_row", 32},
                                                                       {"speech_position", 4100},
                                                                       {"speech_vocabulary", 8194},
                                                                       {"text_position", 2050},
                                                                       {"text_vocabulary", 704}});
  CHECK(layers_of(bound.binding) == std::map<std::string, std::int64_t>{{"tfmr.layers", 30}});
  CHECK(bound.network->condition_rows() == 34);
}

TEST_CASE("s3gen_solves_to_the_sizes_of_the_paper") {
  const BoundFlow bound("s3gen.safetensors");
  CHECK(sizes_of(bound.binding) == std::map<std::string, std::int64_t>{{"code", 6561},
                                                                       {"flow.encoder.channel", 512},
                                                                       {"flow.encoder.head", 8},
                                                                       {"flow.encoder.hidden", 2048},
                                                                       {"flow.encoder.width", 64},
                                                                       {"flow.decoder.channel", 256},
                                                                       {"flow.decoder.head", 8},
                                                                       {"flow.decoder.hidden", 1024},
                                                                       {"flow.decoder.time", 1024},
                                                                       {"hift.channel_at_1", 512},
                                                                       {"hift.channel_at_8", 256},
                                                                       {"hift.channel_at_40", 128},
                                                                       {"hift.channel_at_120", 64},
                                                                       {"hift.pitch_channel", 512}});
  const auto layers = layers_of(bound.binding);
  CHECK(layers.at("flow.encoder.encoders") == 6);
  CHECK(layers.at("flow.encoder.up_encoders") == 4);
  CHECK(layers.at("flow.decoder.estimator.mid_blocks") == 12);
  CHECK(layers.at("flow.decoder.estimator.mid_blocks.11.1") == 4);
}

// The other networks that listen are proved in tests/voice/bake_test.cpp.
TEST_CASE("the_voice_encoder_is_proved_from_every_manifest") {
  for (const std::string& file : voice_encoder_files) {
    CAPTURE(file);
    Binding binding(read_manifest(manifests + file + ".json"), "voice encoder");
    const auto network = bind_voice_encoder(binding);
    binding.judge();
    CHECK(prove(*network) == std::vector<std::string>{"voice_encoder = [speaker 256]"});
  }
}

TEST_CASE("the_watermark_is_proved_from_its_manifest") {
  Binding binding(read_manifest(manifests + perth_file + ".json"), "watermark");
  const std::unique_ptr<perth::Perth> network = bind_perth(binding);
  binding.judge();
  CHECK(sizes_of(binding) == std::map<std::string, std::int64_t>{{"bin", 128}, {"hidden", 256}});
  CHECK(prove(*network) == std::vector<std::string>{"residual = [batch 1, frame, bin 128]",
                                                    "answers = [batch 1, frame, answer 2]"});
}

TEST_CASE("a_meanflow_checkpoint_is_refused_in_one_sentence") {
  Binding binding(read_manifest(manifests + "s3gen_meanflow.safetensors.json"), "flow and vocoder");
  const Error error = test::error_of([&] { bind_s3gen(binding); });
  CHECK(error.code == ErrorCode::unsupported);
  CHECK_MESSAGE(error.sentence.find("the flow of two steps") != std::string::npos, error.sentence);
}

TEST_CASE("numbers_run_through_the_pipeline_as_the_symbols_say") {
  const BoundFlow bound("s3gen.safetensors");
  const flow::Flow& flow = *bound.networks.flow;
  for (const Request& request : {Request{250, 500, 32}, Request{1, 2, 1}, Request{10, 21, 5}}) {
    CAPTURE(request.prompt);
    Shapes op;
    const std::int64_t frames = 2 * (request.prompt + request.speech);
    const std::int64_t samples = 480 * (frames - request.prompt_frames);
    const flow::Condition condition = request.condition(op, flow);
    CHECK(condition.mu.shape() == Shape{one, {"frame", frames}, l::mel});

    const Tensor mel = flow::Flow::trim(
        op, flow.velocity(op, request.lengths(), request.noise(op, frames), condition, 0, 0.7F),
        request.prompt_frames);
    const hift::SourceNoise noise{op.zeros({one, {"harmonic", hift::harmonics}}),
                                  op.zeros({one, {"sample", samples}, {"harmonic", hift::harmonics}})};
    const Tensor audio = bound.networks.hift->forward(op, request.lengths(), mel, noise);
    CHECK(audio.shape() == Shape{one, {"sample", samples}});
  }
}

TEST_CASE("a_mel_that_lost_its_prompt_is_told_where_it_lost_it") {
  const BoundFlow bound("s3gen.safetensors");
  const Request request{250, 500, 32};
  Shapes op;
  const flow::Condition condition = request.condition(op, *bound.networks.flow);
  const Error error = test::error_of([&] {
    bound.networks.flow->velocity(op, request.lengths(), request.noise(op, 64), condition, 0, 0.7F);
  });
  CHECK(error.code == ErrorCode::shape_mismatch);
  const std::string text = error.text();
  CHECK_MESSAGE(text.find("decoder's inputs do not belong together") != std::string::npos, text);
  CHECK_MESSAGE(text.find("64 leaves the prompt out, 564 has it") != std::string::npos, text);
}

TEST_CASE("t3_runs_with_numbers_as_with_symbols") {
  const BoundT3 bound("t3_mtl23ls_v2.safetensors");
  const t3::T3& t3 = *bound.network;
  Shapes op;
  for (const t3::Guidance guidance : {t3::Guidance::off, t3::Guidance::on}) {
    const std::int64_t branches = guidance == t3::Guidance::on ? 2 : 1;
    const Tensor condition =
        t3.condition(op, {op.zeros({one, {"speaker", t3::speaker_channels}}),
                          op.write_ids({one, {"row", 150}}, {}), op.zeros({one, {"emotion", 1}})});
    t3::Opening opening(condition);
    const t3::Branches sequence = t3.make_branches(op, guidance, 500);
    const Tensor first = t3.prefill(op, opening, op.write_ids({one, {"row", 40}}, {}), sequence);
    CHECK(first.shape() == Shape{{"batch", branches}, {"row", 1}, {"speech_vocabulary", 8194}});
    CHECK(sequence.length() == Size(34 + 40 + 2));
    const Tensor id = op.write_ids({{"batch", branches}, {"row", 1}}, {});
    t3.step(op, id, id, sequence.each());
    CHECK(sequence.length() == Size(34 + 40 + 2 + 1));
  }
}

// Each kind of layer on the input that PyTorch's own layer got, against what that made of it; and every
// square weight transposed, which no shape shows and one of these numbers must.
#include <doctest/doctest.h>

#include <array>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "golden_layer.hpp"
#include "layers/positions.hpp"
#include "models/flow/encoder.hpp"
#include "models/flow/estimator.hpp"
#include "models/flow/facts.hpp"
#include "models/hift/facts.hpp"
#include "models/hift/pitch.hpp"
#include "models/hift/residual_block.hpp"
#include "models/lengths.hpp"
#include "models/t3/facts.hpp"
#include "models/t3/llama_block.hpp"
#include "models/t3/perceiver.hpp"

using namespace nightingale;
using test::GoldenLayer;
using test::Layout;
using testing::Closeness;

namespace {

Closeness perceiver(GoldenLayer& golden) {
  const t3::Perceiver layer(golden.at(), golden.axis("model"));
  golden.load();
  return golden.agrees(layer.forward(golden.op(), golden.input("0", {"batch", "row", "model"})));
}

Closeness llama_block(GoldenLayer& golden) {
  const Axis head = golden.axis("head");
  const t3::BackboneAxes axes = test::backbone_axes(golden);
  const t3::LlamaBlock layer(golden.at(), axes);
  golden.load();
  const Tensor x = golden.input("0", {"batch", "row", "model"});
  const auto cache = golden.op().make_cache(test::cache_sizes(axes, x));
  const std::array<Cache*, 1> caches{cache.get()};
  return golden.agrees(layer.forward(golden.op(), x, t3::rotary_frequencies(), t3::Sequences(caches), 0));
}

Closeness rms_norm(GoldenLayer& golden) {
  const RmsNorm layer(golden.at(), golden.axis("model"), t3::norm_eps);
  golden.load();
  return golden.agrees(layer.forward(golden.op(), golden.input("0", {"batch", "row", "model"})));
}

Closeness input_layer(GoldenLayer& golden) {
  const flow::InputLayer layer(golden.at(), golden.axis("channel"));
  golden.load();
  return golden.agrees(layer.forward(golden.op(), golden.input("0", {"batch", "token", "channel"})));
}

Closeness lookahead(GoldenLayer& golden) {
  const flow::Lookahead layer(golden.at(), golden.axis("channel"));
  golden.load();
  return golden.agrees(layer.forward(golden.op(), golden.input("0", {"batch", "token", "channel"})));
}

Closeness encoder_block(GoldenLayer& golden) {
  const Axis channel = golden.axis("channel");
  const flow::EncoderBlock layer(golden.at(), channel);
  golden.load();
  const Tensor x = golden.input("0", {"batch", "token", "channel"});
  const Tensor positions = relative_positions(golden.op(), x.shape()[1], channel);
  return golden.agrees(layer.forward(golden.op(), x, positions));
}

Closeness time_embedding(GoldenLayer& golden) {
  const Axis sinusoid{"time_sinusoid", flow::estimator_parts * lengths::mel.size};
  const Linear widen(golden.at() / "linear_1", golden.axis("time"), sinusoid);
  const Linear out(golden.at() / "linear_2", golden.axis("time"), golden.axis("time"));
  golden.load();
  const Tensor widened = widen.forward(golden.op(), golden.input("0", {"batch", "time_sinusoid"}),
                                       {.then = {Activation::Kind::silu}});
  return golden.agrees(out.forward(golden.op(), widened));
}

Closeness estimator_residual(GoldenLayer& golden) {
  const flow::ResidualBlock layer(golden.at(), {"channel", golden.axis("out").size},
                                  {"channel", golden.axis("in").size}, golden.axis("time"));
  golden.load();
  const Tensor x = golden.input("0", {"batch", "frame", "channel"}, Layout::channels_first);
  const Tensor time = golden.op().activate(golden.input("2", {"batch", "time"}), {Activation::Kind::mish});
  return golden.agrees(layer.forward(golden.op(), x, time), Layout::channels_first);
}

Closeness transformer_block(GoldenLayer& golden) {
  const Axis head = golden.axis("head");
  const Axis inner{"inner", flow::head_width * head.size};
  const flow::EstimatorAxes axes{golden.axis("channel"), inner, head, golden.axis("hidden"),
                                 golden.axis("time")};
  const flow::TransformerBlock layer(golden.at(), axes);
  golden.load();
  return golden.agrees(
      layer.forward(golden.op(), golden.input("hidden_states", {"batch", "frame", "channel"})));
}

Closeness causal_block(GoldenLayer& golden) {
  const flow::CausalBlock layer(golden.at(), golden.axis("channel"), golden.axis("channel"));
  golden.load();
  const Tensor x = golden.input("0", {"batch", "frame", "channel"}, Layout::channels_first);
  return golden.agrees(layer.forward(golden.op(), x), Layout::channels_first);
}

Closeness pitch(GoldenLayer& golden) {
  const hift::Pitch layer(golden.at());
  golden.load();
  return golden.agrees(
      layer.forward(golden.op(), golden.input("0", {"batch", "frame", "mel"}, Layout::channels_first)));
}

Closeness first_convolution(GoldenLayer& golden) {
  const std::int64_t pad = same_padding(hift::edge_taps);
  const Conv1d layer(golden.at(), {.out = golden.axis("channel"),
                                   .in = lengths::mel,
                                   .taps = hift::edge_taps,
                                   .pad_left = pad,
                                   .pad_right = pad,
                                   .stored = Stored::weight_norm});
  golden.load();
  const Tensor x = golden.input("0", {"batch", "row", "mel"}, Layout::channels_first);
  return golden.agrees(layer.forward(golden.op(), x), Layout::channels_first);
}

Closeness upsampling(GoldenLayer& golden) {
  const hift::Upsampling& up = hift::upsamplings.front();
  const ConvTranspose1d layer(golden.at(), {.out = {"channel", golden.axis("out").size},
                                            .in = {"channel", golden.axis("in").size},
                                            .taps = up.taps,
                                            .stride = up.stride,
                                            .trim = up.trim});
  golden.load();
  const Tensor x = golden.input("0", {"batch", "row", "channel"}, Layout::channels_first);
  return golden.agrees(layer.forward(golden.op(), x), Layout::channels_first);
}

template <std::int64_t taps>
Closeness vocoder_residual(GoldenLayer& golden) {
  const hift::ResidualBlock layer(golden.at(), golden.axis("channel"), taps);
  golden.load();
  const Tensor x = golden.input("0", {"batch", "row", "channel"}, Layout::channels_first);
  return golden.agrees(layer.forward(golden.op(), x), Layout::channels_first);
}

// Every layer that the goldens hold, by upstream's path; "t3.tfmr.layers.0.mlp" is a part of its block.
const std::map<std::string, std::function<Closeness(GoldenLayer&)>> layers{
    {"t3.cond_enc.perceiver", perceiver},
    {"t3.tfmr.layers.0", llama_block},
    {"t3.tfmr.norm", rms_norm},
    {"flow.encoder.embed", input_layer},
    {"flow.encoder.pre_lookahead_layer", lookahead},
    {"flow.encoder.encoders.0", encoder_block},
    {"flow.decoder.estimator.time_mlp", time_embedding},
    {"flow.decoder.estimator.down_blocks.0.0", estimator_residual},
    {"flow.decoder.estimator.down_blocks.0.1.0", transformer_block},
    {"flow.decoder.estimator.final_block", causal_block},
    {"mel2wav.f0_predictor", pitch},
    {"mel2wav.conv_pre", first_convolution},
    {"mel2wav.ups.0", upsampling},
    {"mel2wav.source_resblocks.0", vocoder_residual<7>},
    {"mel2wav.resblocks.0", vocoder_residual<3>},
    {"mel2wav.resblocks.2", vocoder_residual<11>},
};

void check_all(Ops& op) {
  for (const auto& [path, layer] : layers) {
    GoldenLayer golden(path, op);
    const Closeness closeness = layer(golden);
    CHECK_MESSAGE(closeness.ok, path << ": " << closeness.story);
  }
}

}  // namespace

TEST_CASE("every_layer_gives_what_pytorchs_layer_gave") {
  check_all(*make_cpu({1}));
}

TEST_CASE("every_layer_gives_what_pytorchs_layer_gave_by_the_reference_loops_too") {
  check_all(*make_reference());
}

TEST_CASE("every_layer_that_was_recorded_is_tested") {
  std::ifstream file(test::golden("english/reference/layers/layers.json"));
  const auto recorded = nlohmann::json::parse(file);
  for (const auto& [path, shapes] : recorded.items()) {
    CHECK_MESSAGE((layers.count(path) == 1 || path == "t3.tfmr.layers.0.mlp"), path);
  }
}

TEST_CASE("a_square_weight_cannot_be_transposed_unseen") {
  const auto op = make_cpu({1});
  std::size_t tried = 0;
  for (const auto& [path, layer] : layers) {
    GoldenLayer sound(path, *op);
    layer(sound);
    for (const std::string& weight : sound.square_weights()) {
      GoldenLayer spoilt(path, *op, weight);
      CHECK_MESSAGE(!layer(spoilt).ok, weight << " transposed changes nothing");
      ++tried;
    }
  }
  CHECK(tried == 37);
}

TEST_CASE("the_table_of_relative_positions_is_pytorchs") {
  const auto op = make_cpu({1});
  GoldenLayer golden("flow.encoder.encoders.0", *op);
  const Tensor theirs = golden.input("2", {"batch", "relative", "channel"});
  const Tensor ours = relative_positions(*op, 39, {"channel", 128});
  CHECK(ours.shape() == Shape{{"relative", 77}, {"channel", 128}});
  CHECK(testing::close(ours, testing::numbers_of(theirs), 1e-5));
}

TEST_CASE("the_sinusoid_of_a_time_is_pytorchs") {
  const auto op = make_cpu({1});
  GoldenLayer golden("flow.decoder.estimator.time_mlp", *op);
  const Tensor theirs = golden.input("0", {"batch", "time_sinusoid"});  // of time 0, both branches
  std::vector<float> ours = time_sinusoid(0, 320);
  ours.insert(ours.end(), ours.begin(), ours.end());
  CHECK(testing::close(theirs, ours, 0));
}

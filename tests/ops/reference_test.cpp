// The reference substrate against PyTorch: both sides compute in double, so they may differ by rounding only.
#include "kernels/reference/reference.hpp"

#include <doctest/doctest.h>

#include "golden.hpp"

namespace nightingale {
namespace {

using testing::close;
using testing::Golden;

constexpr double rounding = 1e-10;       // of the result's scale; goldens keep 12 digits
constexpr double float_rounding = 2e-7;  // where upstream computes in float32

TEST_CASE("reference_looks_entries_up") {
  const auto op = make_reference();
  const Golden golden("embedding");
  const Tensor out =
      op->embedding(golden.ids(*op, "ids", {"batch", "row"}), golden.weight("table", {"entry", "channel"}));
  CHECK(out.shape() == golden.expected_shape({"batch", "row", "channel"}));
  CHECK(close(out, golden.expected(), rounding));
}

TEST_CASE("reference_linear_equals_pytorch_with_and_without_bias_and_fused_parts") {
  const auto op = make_reference();
  const Golden plain("linear");
  const Tensor out = op->linear(plain.tensor(*op, "x", {"batch", "row", "in"}),
                                plain.weight("weight", {"out", "in"}), plain.weight("bias", {"out"}));
  CHECK(out.shape() == plain.expected_shape({"batch", "row", "out"}));
  CHECK(close(out, plain.expected(), rounding));

  const Golden fused("linear fused");
  const Tensor added = fused.tensor(*op, "added", {"batch", "row", "out"});
  CHECK(
      close(op->linear(fused.tensor(*op, "x", {"batch", "row", "in"}), fused.weight("weight", {"out", "in"}),
                       {}, {.then = {Activation::Kind::gelu}, .add = &added}),
            fused.expected(), rounding));
}

TEST_CASE("reference_conv1d_equals_pytorch_padded_dilated_and_strided") {
  const auto op = make_reference();
  for (const char* name : {"conv1d causal", "conv1d dilated", "conv1d strided", "conv1d pointwise"}) {
    CAPTURE(name);
    const Golden golden(name);
    const Tensor out =
        op->conv1d(golden.tensor(*op, "x", {"batch", "row", "in"}),
                   golden.weight("weight", {"out", "in", "tap"}), golden.weight("bias", {"out"}),
                   {.stride = golden.option<std::int64_t>("stride"),
                    .dilation = golden.option<std::int64_t>("dilation"),
                    .pad_left = golden.option<std::int64_t>("left"),
                    .pad_right = golden.option<std::int64_t>("right")});
    CHECK(out.shape() == golden.expected_shape({"batch", "row", "out"}));
    CHECK(close(out, golden.expected(), rounding));
  }
}

TEST_CASE("reference_conv_transpose1d_equals_pytorch") {
  const auto op = make_reference();
  const Golden golden("conv_transpose1d");
  const Tensor out = op->conv_transpose1d(
      golden.tensor(*op, "x", {"batch", "row", "in"}), golden.weight("weight", {"in", "out", "tap"}),
      golden.weight("bias", {"out"}),
      {.stride = golden.option<std::int64_t>("stride"), .trim = golden.option<std::int64_t>("trim")});
  CHECK(out.shape() == golden.expected_shape({"batch", "row", "out"}));
  CHECK(close(out, golden.expected(), rounding));
}

TEST_CASE("reference_norms_equal_pytorch_and_each_eps_shows") {
  const auto op = make_reference();
  for (const char* name : {"layer_norm 1e-05", "layer_norm 1e-12"}) {
    CAPTURE(name);
    const Golden golden(name);
    const Tensor out = op->layer_norm(golden.tensor(*op, "x", {"batch", "row", "channel"}),
                                      golden.weight("weight", {"channel"}),
                                      golden.weight("shift", {"channel"}), golden.option<float>("eps"));
    CHECK(close(out, golden.expected(), 1e-9));  // eps itself is a float
  }
  const Golden plain("layer_norm plain");
  CHECK(close(op->layer_norm(plain.tensor(*op, "x", {"batch", "row", "channel"}), {}, {},
                             plain.option<float>("eps"), {Activation::Kind::silu}),
              plain.expected(), 1e-9));
  const Golden rms("rms_norm");
  CHECK(close(op->rms_norm(rms.tensor(*op, "x", {"batch", "row", "channel"}),
                           rms.weight("weight", {"channel"}), rms.option<float>("eps")),
              rms.expected(), 1e-9));
  const Golden length("normalise");
  CHECK(
      close(op->normalise(length.tensor(*op, "x", {"batch", "row", "channel"}), length.option<float>("eps")),
            length.expected(), rounding));
}

TEST_CASE("reference_attention_equals_pytorch_with_more_keys_than_queries") {
  const auto op = make_reference();
  const Golden golden("attention");
  const Tensor out = op->attention(golden.tensor(*op, "query", {"batch", "row", "head", "width"}),
                                   golden.tensor(*op, "key", {"batch", "seen", "head", "width"}),
                                   golden.tensor(*op, "value", {"batch", "seen", "head", "width"}),
                                   golden.option<float>("scale"));
  CHECK(out.shape() == golden.expected_shape({"batch", "row", "head", "width"}));
  CHECK(close(out, golden.expected(), 1e-7));  // the scale 0.3 is a float
}

TEST_CASE("reference_relative_attention_equals_upstreams_module") {
  const auto op = make_reference();
  const Golden golden("relative_attention");
  const Tensor out = op->relative_attention(
      golden.tensor(*op, "query", {"batch", "row", "head", "width"}),
      golden.tensor(*op, "key", {"batch", "row", "head", "width"}),
      golden.tensor(*op, "value", {"batch", "row", "head", "width"}),
      golden.tensor(*op, "position", {"relative", "head", "width"}), golden.weight("u", {"head", "width"}),
      golden.weight("v", {"head", "width"}), golden.option<float>("scale"));
  CHECK(close(out, golden.expected(), rounding));
}

TEST_CASE("reference_cached_attention_in_three_steps_equals_causal_attention_at_once") {
  const auto op = make_reference();
  const Golden golden("cached_attention");
  const Tensor query = golden.tensor(*op, "query", {"batch", "row", "head", "width"});
  const Tensor key = golden.tensor(*op, "key", {"batch", "row", "head", "width"});
  const Tensor value = golden.tensor(*op, "value", {"batch", "row", "head", "width"});
  const Shape& axes = query.shape();
  const auto cache = op->make_cache(
      {.batch = axes[0], .head = axes[2], .width = axes[3], .layers = 2, .most_rows = axes.count(1)});
  std::vector<Tensor> parts;
  for (const auto rows : golden.option<std::vector<std::int64_t>>("steps")) {
    const Size first = cache->length();
    const auto step = [&](const Tensor& x) { return op->slice(x, "row", first, rows); };
    // The other layer holds something else: layers may not see each other's rows.
    op->cached_attention(step(key), step(value), step(query), *cache, 0, 1);
    parts.push_back(
        op->cached_attention(step(query), step(key), step(value), *cache, 1, golden.option<float>("scale")));
    cache->advance(rows);
  }
  CHECK(close(op->concat(parts, "row"), golden.expected(), rounding));
}

TEST_CASE("reference_rotary_equals_llama") {
  const auto op = make_reference();
  const Golden golden("rotary");
  CHECK(close(op->rotary(golden.tensor(*op, "x", {"batch", "row", "head", "width"}),
                         golden.values<float>("frequencies"), golden.option<std::int64_t>("start")),
              golden.expected(), rounding));
}

TEST_CASE("reference_activations_equal_pytorch") {
  using Kind = Activation::Kind;
  const auto op = make_reference();
  const std::pair<const char*, Kind> functions[] = {{"silu", Kind::silu},
                                                    {"gelu", Kind::gelu},
                                                    {"mish", Kind::mish},
                                                    {"elu", Kind::elu},
                                                    {"leaky_relu", Kind::leaky_relu},
                                                    {"relu", Kind::relu},
                                                    {"tanh", Kind::tanh},
                                                    {"sigmoid", Kind::sigmoid},
                                                    {"sine", Kind::sine},
                                                    {"exponential", Kind::exponential},
                                                    {"absolute", Kind::absolute},
                                                    {"clamp", Kind::clamp},
                                                    {"above", Kind::above}};
  for (const auto& [name, kind] : functions) {
    CAPTURE(name);
    const Golden golden("activate " + std::string(name));
    CHECK(close(op->activate(golden.tensor(*op, "x", {"batch", "row", "channel"}),
                             {kind, golden.option<float>("parameter")}),
                golden.expected(), rounding));
  }
}

TEST_CASE("reference_snake_equals_upstreams_module") {
  const auto op = make_reference();
  const Golden golden("snake");
  CHECK(close(
      op->snake(golden.tensor(*op, "x", {"batch", "row", "channel"}), golden.weight("alpha", {"channel"})),
      golden.expected(), rounding));
}

TEST_CASE("reference_stft_and_istft_equal_pytorch") {
  const auto op = make_reference();
  const Golden forward("stft");
  const Spectrum sizes{forward.option<std::int64_t>("window"), forward.option<std::int64_t>("hop")};
  const Tensor spectrum = op->stft(forward.tensor(*op, "x", {"batch", "sample"}), sizes);
  CHECK(spectrum.shape() == forward.expected_shape({"batch", "spectrum", "bin"}));
  CHECK(close(spectrum, forward.expected(), rounding));

  const Golden back("istft");
  const Tensor samples = op->istft(back.tensor(*op, "magnitude", {"batch", "spectrum", "bin"}),
                                   back.tensor(*op, "phase", {"batch", "spectrum", "bin"}), sizes);
  CHECK(samples.shape() == back.expected_shape({"batch", "sample"}));
  CHECK(close(samples, back.expected(), rounding));
}

TEST_CASE("reference_phases_follow_the_float_rounding_of_pytorchs_running_sum") {
  const auto op = make_reference();
  const Golden golden("phases");
  const Tensor hertz = golden.tensor(*op, "hertz", {"batch", "sample"});
  const Tensor f0 = op->repeat(hertz, "sample", golden.option<std::int64_t>("times"));
  const auto harmonics = golden.option<std::int64_t>("harmonics");
  const Tensor all = op->phases(f0, harmonics, golden.option<float>("rate"));
  std::vector<Tensor> rows;
  for (const auto sample : golden.option<std::vector<std::int64_t>>("at")) {
    rows.push_back(op->slice(all, "sample", sample, 1));
  }
  CHECK(close(op->concat(rows, "sample"), golden.expected(), float_rounding));
}

Convolution direction_of(const Golden& golden, const char* name) {
  const auto sizes = golden.option<std::vector<std::int64_t>>(name);
  return {.stride = sizes[0], .dilation = sizes[1], .pad_left = sizes[2], .pad_right = sizes[3]};
}

TEST_CASE("reference_conv2d_equals_pytorch_in_each_direction") {
  const auto op = make_reference();
  for (const char* name : {"conv2d", "conv2d strided"}) {
    CAPTURE(name);
    const Golden golden(name);
    const Tensor out = op->conv2d(golden.tensor(*op, "x", {"batch", "row", "column", "in"}),
                                  golden.weight("weight", {"out", "in", "column_tap", "row_tap"}),
                                  {direction_of(golden, "row"), direction_of(golden, "column")});
    CHECK(out.shape() == golden.expected_shape({"batch", "row", "column", "out"}));
    CHECK(close(out, golden.expected(), rounding));
  }
}

TEST_CASE("reference_depthwise_conv1d_equals_pytorch_with_unequal_padding") {
  const auto op = make_reference();
  const Golden golden("depthwise_conv1d");
  const Tensor added = golden.tensor(*op, "added", {"batch", "row", "channel"});
  const Tensor out = op->depthwise_conv1d(
      golden.tensor(*op, "x", {"batch", "row", "channel"}),
      golden.weight("weight", {"channel", "one", "tap"}),
      {.pad_left = golden.option<std::int64_t>("left"), .pad_right = golden.option<std::int64_t>("right")},
      {.add = &added});
  CHECK(close(out, golden.expected(), rounding));
}

TEST_CASE("reference_lstm_equals_pytorch_row_for_row") {
  const auto op = make_reference();
  const Golden golden("lstm");
  const Tensor out =
      op->lstm(golden.tensor(*op, "x", {"batch", "row", "in"}),
               {golden.weight("input", {"gate", "in"}), golden.weight("recurrent", {"gate", "hidden"}),
                golden.weight("input_bias", {"gate"}), golden.weight("recurrent_bias", {"gate"})});
  CHECK(out.shape() == golden.expected_shape({"batch", "row", "hidden"}));
  CHECK(close(out, golden.expected(), rounding));
}

TEST_CASE("reference_affine_is_a_batch_norm_of_known_mean_and_variance") {
  const auto op = make_reference();
  const Golden golden("affine");
  const Tensor out =
      op->affine(golden.tensor(*op, "x", {"batch", "row", "channel"}), golden.weight("scale", {"channel"}),
                 golden.weight("shift", {"channel"}), {Activation::Kind::relu});
  CHECK(close(out, golden.expected(), float_rounding));  // scale and shift are rounded to float
}

TEST_CASE("reference_means_and_deviations_equal_pytorch") {
  const auto op = make_reference();
  const std::initializer_list<Name> axes{"batch", "row", "channel"};
  const Golden mean("mean"), deviation("deviation"), segments("segment_mean");
  const Tensor out = op->mean(mean.tensor(*op, "x", axes), "row");
  CHECK(out.shape() == mean.expected_shape({"batch", "channel"}));
  CHECK(close(out, mean.expected(), rounding));
  CHECK(close(op->deviation(deviation.tensor(*op, "x", axes), "row"), deviation.expected(), rounding));
  CHECK(
      close(op->segment_mean(segments.tensor(*op, "x", axes), "row", segments.option<std::int64_t>("length")),
            segments.expected(), rounding));
}

TEST_CASE("reference_combine_and_scale_do_what_their_names_say") {
  const auto op = make_reference();
  const Tensor x = op->write({{"row", 3}}, std::vector<float>{1, 2, 3});
  const Tensor y = op->write({{"row", 3}}, std::vector<float>{10, 20, 40});
  CHECK(close(op->combine(2, x, -0.5f, y), {-3, -6, -14}, 0));
  CHECK(close(op->scale(x, 4, 1), {5, 9, 13}, 0));
}

TEST_CASE("reference_add_and_multiply_repeat_the_second_over_the_axes_it_lacks") {
  const auto op = make_reference();
  const Tensor x = op->write({{"batch", 2}, {"row", 2}, {"channel", 3}},
                             std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  const Tensor channel = op->write({{"channel", 3}}, std::vector<float>{100, 200, 300});
  const Tensor row = op->write({{"row", 2}}, std::vector<float>{10, -10});
  const Tensor first = op->write({{"batch", 1}, {"channel", 3}}, std::vector<float>{0, 1, 2});
  CHECK(close(op->add(x, channel), {101, 202, 303, 104, 205, 306, 107, 208, 309, 110, 211, 312}, 0));
  CHECK(close(op->multiply(x, row), {10, 20, 30, -40, -50, -60, 70, 80, 90, -100, -110, -120}, 0));
  CHECK(close(op->multiply(x, first), {0, 2, 6, 0, 5, 12, 0, 8, 18, 0, 11, 24}, 0));
}

}  // namespace
}  // namespace nightingale

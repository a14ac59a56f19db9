// What the networks that make a voice add: planes, single channels, an LSTM, means, against the reference.
#include <cmath>

#include "both.hpp"

using namespace nightingale;
using namespace nightingale::testing;

namespace {

struct PlaneCase {
  std::int64_t batch, rows, columns, in, out, row_taps, column_taps;
  PlaneConvolution shape;
};

constexpr Convolution same{1, 1, 1, 1}, halved{2, 1, 1, 1};

}  // namespace

TEST_CASE("conv2d_agrees_for_every_geometry_of_the_speaker_encoder_and_odd_ones") {
  for (const PlaneCase& c : {PlaneCase{1, 1, 1, 1, 1, 1, 1, {}},
                             {1, 37, 80, 1, 32, 3, 3, {same, same}},
                             {2, 23, 40, 32, 32, 3, 3, {same, halved}},
                             {1, 23, 40, 32, 32, 1, 1, {{}, {2, 1, 0, 0}}},
                             {1, 9, 7, 5, 70, 2, 3, {{2, 2, 1, 3}, {1, 2, 2, 0}}},
                             {1, 200, 3, 64, 130, 3, 1, {same, {}}}}) {
    CAPTURE(c.rows);
    CAPTURE(c.in);
    const float deviation = 1 / std::sqrt(static_cast<float>(c.in * c.row_taps * c.column_taps));
    const Weight weight = prepared_weight(
        {{"out", c.out}, {"in", c.in}, {"column_tap", c.column_taps}, {"row_tap", c.row_taps}}, 1,
        Use::plane_convolution, deviation);
    CHECK(agree(
        [&](Ops& op) {
          const Shape shape{{"batch", c.batch}, {"row", c.rows}, {"column", c.columns}, {"in", c.in}};
          return op.conv2d(random_tensor(op, shape, 2), weight, c.shape);
        },
        rounding));
  }
}

TEST_CASE("depthwise_conv1d_agrees_also_where_the_taps_reach_beyond_both_ends") {
  for (const std::int64_t rows : {1, 5, 31, 257}) {
    CAPTURE(rows);
    const Weight weight =
        prepared_weight({{"channel", 70}, {"one", 1}, {"tap", 31}}, 3, Use::depthwise_convolution, 0.2F);
    const Shape shape{{"batch", 2}, {"row", rows}, {"channel", 70}};
    CHECK(agree(
        [&](Ops& op) {
          const Tensor x = random_tensor(op, shape, 4);
          return op.depthwise_conv1d(x, weight, {.pad_left = 15, .pad_right = 15}, {.add = &x});
        },
        rounding));
  }
}

TEST_CASE("lstm_agrees_for_batches_of_every_share_of_the_threads") {
  for (const std::int64_t batch : {1, 2, 7, 20}) {
    CAPTURE(batch);
    const Shape input{{"gate", 4 * 33}, {"in", 40}}, recurrent{{"gate", 4 * 33}, {"hidden", 33}};
    const LstmWeights weights{random_weight("input", input, 5, Use::matmul, 0.3F),
                              random_weight("recurrent", recurrent, 6, Use::matmul, 0.3F),
                              random_weight("input_bias", {{"gate", 4 * 33}}, 7),
                              random_weight("recurrent_bias", {{"gate", 4 * 33}}, 8)};
    CHECK(agree(
        [&](Ops& op) {
          return op.lstm(random_tensor(op, {{"batch", batch}, {"row", 60}, {"in", 40}}, 9), weights);
        },
        1e-5));  // sixty steps, each with the rounding of those before
  }
}

TEST_CASE("affine_means_and_deviations_agree") {
  const Weight scale = random_weight("scale", {{"channel", 37}}, 10);
  const Weight shift = random_weight("shift", {{"channel", 37}}, 11);
  for (const std::int64_t rows : {2, 99, 100, 101, 1003}) {
    CAPTURE(rows);
    const Shape shape{{"batch", 2}, {"row", rows}, {"channel", 37}};
    const auto agrees = [&](const auto& lines) {
      return agree([&](Ops& op) { return lines(op, random_tensor(op, shape, 12)); }, rounding);
    };
    CHECK(agrees(
        [&](Ops& op, const Tensor& x) { return op.affine(x, scale, shift, {Activation::Kind::relu}); }));
    CHECK(agrees([](Ops& op, const Tensor& x) { return op.mean(x, "row"); }));
    CHECK(agrees([](Ops& op, const Tensor& x) { return op.mean(x, "channel"); }));
    CHECK(agrees([](Ops& op, const Tensor& x) { return op.deviation(x, "row"); }));
    CHECK(agrees([](Ops& op, const Tensor& x) { return op.segment_mean(x, "row", 100); }));
  }
}

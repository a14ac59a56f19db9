// conv1d and conv_transpose1d against the reference: strides, dilations, padding on one side, few channels;
// and conv1d with a weight of few bits, as far from float32 as the rounding.
#include <cmath>

#include "both.hpp"
#include "kernels/cpu/taps.hpp"

using namespace nightingale;
using namespace nightingale::testing;

namespace {

struct Case {
  std::int64_t batch, rows, in, out, taps;
  Convolution shape;
};

constexpr double minimal_rounding = 2e-6;  // of sums through points, see minimal.hpp

Closeness convolution_agrees(const Case& c) {
  const float deviation = 1 / std::sqrt(static_cast<float>(c.in * c.taps));
  const Use use = c.shape.stride == 1 ? Use::convolution : Use::strided_convolution;
  const Weight weight = prepared_weight({{"out", c.out}, {"in", c.in}, {"tap", c.taps}}, 1, use, deviation);
  const Weight bias = random_weight("bias", {{"out", c.out}}, 2);
  return agree(
      [&](Ops& op) {
        const Tensor x = random_tensor(op, {{"batch", c.batch}, {"row", c.rows}, {"in", c.in}}, 3);
        const Tensor add = op.conv1d(x, weight, {}, c.shape);
        return op.conv1d(x, weight, bias, c.shape,
                         {.then = {Activation::Kind::leaky_relu, 0.1F}, .add = &add});
      },
      cpu::packed_taps(weight)->at_points.empty() ? rounding : minimal_rounding);
}

struct TransposedCase {
  std::int64_t rows, in, out, taps;
  TransposedConvolution shape;
};

}  // namespace

TEST_CASE("conv1d_agrees_for_every_geometry_of_the_networks_and_odd_ones") {
  for (const Case& c : {Case{1, 1, 1, 1, 1, {}},
                        {2, 7, 3, 5, 3, {1, 1, 2, 0}},
                        {2, 300, 40, 33, 3, {1, 1, 2, 0}},
                        {1, 131, 16, 16, 7, {1, 1, 3, 3}},
                        {1, 259, 130, 20, 11, {1, 5, 25, 25}},
                        {1, 64, 8, 8, 3, {1, 3, 3, 3}},
                        {1, 601, 18, 24, 30, {15, 1, 7, 7}},
                        {3, 120, 18, 12, 6, {3, 1, 1, 1}},
                        {1, 50, 18, 64, 1, {}},
                        {1, 5, 4, 4, 9, {1, 1, 4, 4}},
                        {1, 2, 4, 4, 11, {1, 5, 25, 25}},
                        {1, 17, 80, 64, 4, {1, 1, 0, 3}},
                        {2, 131, 64, 70, 3, {1, 3, 6, 0}},
                        {2, 131, 64, 80, 3, {1, 3, 6, 0}},
                        {1, 90, 72, 144, 5, {1, 2, 4, 4}},
                        {1, 700, 64, 64, 7, {1, 1, 3, 3}},
                        {2, 259, 96, 130, 11, {1, 5, 25, 25}},
                        {1, 1, 64, 64, 3, {1, 1, 1, 1}},
                        {1, 40, 64, 64, 5, {2, 1, 2, 1}},
                        {1, 23, 5, 4, 3, {2, 2, 7, 1}}}) {
    CAPTURE(c.rows);
    CAPTURE(c.in);
    CAPTURE(c.taps);
    CHECK(convolution_agrees(c));
  }
}

TEST_CASE("conv_transpose1d_agrees_for_every_stride_of_the_vocoder_and_odd_ones") {
  for (const TransposedCase& c : {TransposedCase{1, 1, 1, 1, {1, 0}},
                                  {37, 24, 12, 16, {8, 4}},
                                  {200, 20, 10, 11, {5, 3}},
                                  {301, 12, 6, 7, {3, 2}},
                                  {19, 5, 3, 2, {5, 0}},
                                  {140, 7, 9, 4, {1, 1}},
                                  {2, 3, 4, 8, {3, 4}}}) {
    CAPTURE(c.rows);
    CAPTURE(c.taps);
    const Weight weight = prepared_weight({{"in", c.in}, {"out", c.out}, {"tap", c.taps}}, 4,
                                          Use::transposed_convolution, 0.1F);
    const Weight bias = random_weight("bias", {{"out", c.out}}, 5);
    CHECK(agree(
        [&](Ops& op) {
          const Tensor x = random_tensor(op, {{"batch", 2}, {"row", c.rows}, {"in", c.in}}, 6);
          return op.conv_transpose1d(x, weight, bias, c.shape);
        },
        rounding));
  }
}

TEST_CASE("conv1d_gives_the_same_with_a_weight_that_was_never_prepared") {
  const Weight prepared = prepared_weight({{"out", 6}, {"in", 5}, {"tap", 3}}, 7, Use::convolution);
  const Weight raw = random_weight("weight", {{"out", 6}, {"in", 5}, {"tap", 3}}, 7, Use::convolution);
  const auto op = make_cpu({1});
  const Tensor x = random_tensor(*op, {{"batch", 1}, {"row", 9}, {"in", 5}}, 8);
  CHECK(op->read(op->conv1d(x, prepared, {}, {})) == op->read(op->conv1d(x, raw, {}, {})));
}

TEST_CASE("a_convolution_keeps_one_form_of_its_weight") {
  const Weight weight = random_weight("weight", {{"out", 64}, {"in", 64}, {"tap", 3}}, 1, Use::convolution);
  const auto packed = cpu::packed_taps(weight);
  CHECK(packed->at_points.size() == 64 * 64 * 6);
  CHECK(packed->numbers.capacity() == 0);
}

TEST_CASE("conv1d_with_few_bits_is_as_far_from_float32_as_the_rounding") {
  const auto op = make_cpu({test_threads});
  for (const Case& c : {Case{2, 300, 40, 33, 3, {1, 1, 2, 0}},
                        {1, 1, 64, 16, 3, {1, 1, 2, 0}},
                        {2, 97, 160, 64, 3, {1, 1, 2, 0}},
                        {1, 131, 96, 20, 5, {1, 3, 6, 6}},
                        {3, 120, 18, 12, 6, {1, 2, 1, 1}},
                        {1, 50, 18, 64, 1, {}}}) {
    CAPTURE(c.rows);
    CAPTURE(c.in);
    Weight weight = random_weight("weight", {{"out", c.out}, {"in", c.in}, {"tap", c.taps}}, 1,
                                  Use::convolution, 1 / std::sqrt(static_cast<float>(c.in * c.taps)));
    const Weight bias = random_weight("bias", {{"out", c.out}}, 2);
    const Tensor x = random_tensor(*op, {{"batch", c.batch}, {"row", c.rows}, {"in", c.in}}, 3);
    const Tensor add = op->conv1d(x, weight, {}, c.shape);
    const auto convolved = [&] {
      return op->read(
          op->conv1d(x, weight, bias, c.shape, {.then = {Activation::Kind::leaky_relu, 0.1F}, .add = &add}));
    };
    const std::vector<float> exact = convolved();
    weight.record().precision = Precision::int8;
    weight.record().decodes = true;  // on any machine
    op->prepare(weight);
    CHECK(weight->values.empty());
    const double apart = distance(convolved(), exact);
    CHECK(apart < 0.012);
    CHECK(apart > 0.0002);
  }
}

// conv1d with a weight of few bits: as far from float32 as the rounding, for every geometry.
#include <cmath>

#include "both.hpp"

using namespace nightingale;
using namespace nightingale::testing;

namespace {

struct Case {
  std::int64_t batch, rows, in, out, taps;
  Convolution shape;
};

}  // namespace

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

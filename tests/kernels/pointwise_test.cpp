// Norms, rotary, activations and elementwise arithmetic against the reference.
#include "both.hpp"

using namespace nightingale;
using namespace nightingale::testing;

namespace {

const std::vector<std::int64_t> odd_channels = {1, 2, 15, 16, 17, 80, 257, 1024};

}  // namespace

TEST_CASE("norms_agree_for_odd_channels") {
  for (const std::int64_t channels : odd_channels) {
    CAPTURE(channels);
    const Weight scale = random_weight("scale", {{"channel", channels}}, 1);
    const Weight shift = random_weight("shift", {{"channel", channels}}, 2);
    const Shape shape{{"batch", 2}, {"row", 37}, {"channel", channels}};
    CHECK(agree([&](Ops& op) { return op.layer_norm(random_tensor(op, shape, 3), scale, shift, 1e-5F); },
                rounding));
    CHECK(agree(
        [&](Ops& op) {
          return op.layer_norm(random_tensor(op, shape, 4), scale, shift, 1e-12F, {Activation::Kind::mish});
        },
        rounding));
    CHECK(agree([&](Ops& op) { return op.rms_norm(random_tensor(op, shape, 5), scale, 1e-5F); }, rounding));
    CHECK(agree([&](Ops& op) { return op.normalise(random_tensor(op, shape, 6), 1e-12F); }, rounding));
  }
}

TEST_CASE("layer_norm_keeps_its_digits_when_the_mean_is_large") {
  // The mean takes three digits of each number; what is left is what a float can hold.
  const Weight scale = random_weight("scale", {{"channel", 512}}, 7);
  const Weight shift = random_weight("shift", {{"channel", 512}}, 8);
  CHECK(agree(
      [&](Ops& op) {
        const Tensor x = op.scale(random_tensor(op, {{"row", 4}, {"channel", 512}}, 9), 1, 1000);
        return op.layer_norm(x, scale, shift, 1e-5F);
      },
      2e-4));
}

TEST_CASE("rotary_agrees_far_from_the_start") {
  std::vector<float> frequencies;
  for (int i = 0; i < 32; ++i) frequencies.push_back(std::pow(500000.0F, -static_cast<float>(i) / 32));
  for (const std::int64_t start : {0, 1, 1000}) {
    // The angle is a float, as upstream's is: at 1000 it has lost 3e-5 of a turn's parts.
    CHECK(agree(
        [&](Ops& op) {
          const Shape shape{{"batch", 2}, {"row", 5}, {"head", 3}, {"width", 64}};
          return op.rotary(random_tensor(op, shape, 10), frequencies, start);
        },
        1e-4));
  }
}

TEST_CASE("rotary_turns_each_entry_of_the_batch_from_its_own_start") {
  const std::vector<float> frequencies{1, 0.5F, 0.25F};
  const std::vector<Size> starts{3, 40, 40, 7};
  CHECK(agree(
      [&](Ops& op) {
        const Shape shape{{"batch", 4}, {"row", 5}, {"head", 3}, {"width", 6}};
        return op.rotary(random_tensor(op, shape, 10), frequencies, starts);
      },
      1e-5));
}

TEST_CASE("activations_agree_from_tiny_to_huge_numbers") {
  using Kind = Activation::Kind;
  for (const auto& [kind, parameter] : {std::pair{Kind::none, 0.0F},
                                        {Kind::silu, 0.0F},
                                        {Kind::gelu, 0.0F},
                                        {Kind::mish, 0.0F},
                                        {Kind::elu, 0.0F},
                                        {Kind::leaky_relu, 0.1F},
                                        {Kind::relu, 0.0F},
                                        {Kind::tanh, 0.0F},
                                        {Kind::sigmoid, 0.0F},
                                        {Kind::sine, 0.0F},
                                        {Kind::exponential, 100.0F},
                                        {Kind::absolute, 0.0F},
                                        {Kind::clamp, 0.99F},
                                        {Kind::above, 0.5F}}) {
    for (const float deviation : {1e-6F, 0.1F, 1.0F, 5.0F, 100.0F}) {
      CAPTURE(static_cast<int>(kind));
      CAPTURE(deviation);
      CHECK(agree(
          [&, kind = kind, parameter = parameter](Ops& op) {
            return op.activate(random_tensor(op, {{"row", 2003}}, 11, deviation), {kind, parameter});
          },
          rounding));
    }
  }
}

TEST_CASE("snake_agrees_for_arguments_of_many_turns") {
  const Weight alpha = random_weight("alpha", {{"channel", 48}}, 12, Use::vector, 3);
  for (const float deviation : {0.1F, 5.0F, 100.0F}) {
    // The product alpha·x is a float: at 300 its rounding alone moves the sine by 2e-5, relative to x by
    // 1e-7.
    CHECK(agree(
        [&](Ops& op) {
          return op.snake(random_tensor(op, {{"row", 1001}, {"channel", 48}}, 13, deviation), alpha);
        },
        2e-5));
  }
}

TEST_CASE("add_and_multiply_repeat_an_operand_over_the_axes_it_lacks") {
  const Shape all{{"batch", 2}, {"row", 33}, {"channel", 19}};
  for (const Shape& part :
       {all, Shape{{"channel", 19}}, Shape{{"batch", 2}, {"channel", 19}}, Shape{{"row", 33}},
        Shape{{"batch", 2}}, Shape{{"batch", 2}, {"row", 33}}, Shape{{"row", 33}, {"channel", 19}}}) {
    CAPTURE(part.text());
    CHECK(agree([&](Ops& op) { return op.add(random_tensor(op, all, 14), random_tensor(op, part, 15)); },
                rounding));
    CHECK(agree([&](Ops& op) { return op.multiply(random_tensor(op, all, 16), random_tensor(op, part, 17)); },
                rounding));
  }
}

TEST_CASE("combine_and_scale_agree_also_when_they_are_shared_among_threads") {
  for (const std::int64_t rows : {0, 1, 4099, 200003}) {
    const Shape shape{{"row", rows}};
    CHECK(agree(
        [&](Ops& op) {
          return op.combine(1.7F, random_tensor(op, shape, 18), -0.7F, random_tensor(op, shape, 19));
        },
        rounding));
    CHECK(agree([&](Ops& op) { return op.scale(random_tensor(op, shape, 20), -2.5F, 0.25F); }, rounding));
  }
}

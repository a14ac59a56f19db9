// PyTorch's random numbers. The literal values are what torch 2.13 printed with nine digits, which name a
// float32 exactly.
#include "tensor/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

namespace nightingale {
namespace {

using Values = std::vector<float>;

// PyTorch's vectorised logarithm and sine differ from the C library's in the last places.
constexpr float normal_tolerance = 2e-6f;

Values uniform(Random& random, std::size_t count) {
  Values out(count);
  random.uniform(out);
  return out;
}

Values normal(Random& random, std::size_t count) {
  Values out(count);
  random.normal(out);
  return out;
}

bool near(const Values& found, const Values& expected) {
  if (found.size() != expected.size()) return false;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!(std::abs(found[i] - expected[i]) <= normal_tolerance)) return false;
  }
  return true;
}

TEST_CASE("random_bits_are_the_mersenne_twister") {
  Random random(42);
  std::mt19937 definition(42);
  for (int i = 0; i < 3000; ++i) REQUIRE(random.bits() == definition());
}

TEST_CASE("random_skip_passes_over_as_many_outputs_as_it_says") {
  for (std::size_t count : {0, 1, 623, 624, 625, 1248, 100000}) {
    Random random(9);
    std::mt19937 definition(9);
    random.bits();
    random.skip(count);
    definition.discard(count + 1);
    CHECK(random.bits() == definition());
  }
}

TEST_CASE("random_uniform_equals_torch_rand") {
  Random random(42);
  CHECK(uniform(random, 6) ==
        Values{0.882269263f, 0.915003955f, 0.38286376f, 0.959305644f, 0.390448213f, 0.600895345f});
}

TEST_CASE("random_takes_the_low_half_of_a_long_seed_as_torch_does") {
  Random random((std::uint64_t{1} << 33) + 5);
  CHECK(uniform(random, 4) == Values{0.830251873f, 0.126110911f, 0.90746969f, 0.819927037f});
}

TEST_CASE("random_uniform_between_bounds_equals_torch") {
  Random random(7);
  Values out(6);
  random.uniform(out, -3.25f, 7.5f);
  CHECK(out == Values{2.50041723f, -1.11286569f, 3.83652568f, 3.81157041f, -0.747813225f, 1.31941009f});
}

TEST_CASE("random_normal_of_few_values_keeps_the_second_of_a_pair_for_the_next_call") {
  Random random(42);
  CHECK(normal(random, 5) == Values{0.336690366f, 0.128809407f, 0.234462366f, 0.23033303f, -1.12285638f});
  CHECK(normal(random, 2) == Values{-0.186328292f, 2.20820141f});
  CHECK(normal(random, 3) == Values{-0.637997031f, 0.461657226f, 0.267350882f});
  CHECK(uniform(random, 2) == Values{0.269631684f, 0.441363573f});
}

TEST_CASE("random_normal_of_many_values_leaves_the_kept_value_of_few_untouched") {
  Random random(42);
  CHECK(normal(random, 3) == Values{0.336690366f, 0.128809407f, 0.234462366f});
  CHECK(near(normal(random, 16),
             {1.78778934f, -0.478045255f, -0.242858633f, -0.934163153f, -0.248257503f, -1.20821476f,
              -0.477667451f, 0.520131171f, -1.56732666f, -0.239445806f, 2.32280588f, -0.963365912f,
              2.00241542f, 0.466431886f, 1.57302725f, -0.922828853f}));
  CHECK(normal(random, 1) == Values{0.23033303f});
}

TEST_CASE("random_normal_draws_the_last_sixteen_again_when_the_length_is_no_multiple") {
  Random random(42);
  CHECK(near(normal(random, 21),
             {1.92691529f,  1.48728406f,   0.900717199f,  -2.10552096f,  0.678418458f,  1.07831764f,
              0.800800562f, 1.68062055f,   0.355859905f,  -0.686622977f, -0.493356347f, 0.241487786f,
              -1.11090386f, 0.041759491f,  -0.251575291f, 0.859858513f,  -0.309726775f, -0.395710498f,
              0.803409338f, -0.621595383f, -0.592000544f}));
  CHECK(uniform(random, 2) == Values{0.903981686f, 0.554659843f});
}

TEST_CASE("random_skip_normal_leaves_the_stream_where_normal_leaves_it") {
  for (std::size_t count = 0; count < 70; ++count) {
    Random drawn(5);
    Random skipped(5);
    normal(drawn, count);
    skipped.skip_normal(count);
    CHECK(normal(drawn, 3) == normal(skipped, 3));
  }
}

TEST_CASE("random_exponential_equals_torch") {
  Random random(42);
  Values out(6);
  random.exponential(out);
  CHECK(out == Values{0.0599140152f, 0.064976126f, 0.131916776f, 0.0540129505f, 0.746910691f, 0.647762358f});
}

TEST_CASE("random_multinomial_chooses_as_torch") {
  Random random(42);
  const Values weights{0.1f, 0.2f, 0.3f, 0.15f, 0.25f};
  for (std::size_t expected : {1, 4, 0, 1, 4, 0, 2, 2, 1, 2, 2, 4, 0, 4, 3, 0, 3, 3, 2, 3, 1, 2, 2, 2}) {
    CHECK(random.multinomial(weights) == expected);
  }
}

TEST_CASE("random_multinomial_never_chooses_a_weight_of_zero") {
  Random random(1);
  const Values weights{0.0f, 0.0f, 1e-30f, 0.0f};
  for (int i = 0; i < 100; ++i) CHECK(random.multinomial(weights) == 2);
}

// Tokens, the flow's noise, the vocoder's phases and noise, and its unused draw, as one synthesis takes them.
TEST_CASE("random_follows_torch_through_the_draws_of_a_synthesis") {
  Random random(3);
  const Values weights{0.1f, 0.2f, 0.3f, 0.15f, 0.25f};
  for (std::size_t expected : {0, 1, 2, 4, 2}) CHECK(random.multinomial(weights) == expected);
  const Values noise = normal(random, 80 * 6);
  CHECK(near({noise[0], noise[100], noise[479]}, {-0.376985759f, -0.390303463f, 0.269229501f}));
  CHECK(uniform(random, 9) == Values{0.0416859984f, 0.968522549f, 0.0883024335f, 0.993657708f, 0.101323605f,
                                     0.920159936f, 0.447494745f, 0.561605215f, 0.40610075f});
  const Values source = normal(random, 9 * 2880);
  CHECK(near({source[0], source[12345], source[25919]}, {-1.78880847f, 0.551870525f, -0.54967463f}));
  random.skip_normal(2880);
  CHECK(uniform(random, 2) == Values{0.938087642f, 0.766913891f});
}

}  // namespace
}  // namespace nightingale

// The sampler against the tokens that transformers' processors and torch.multinomial drew, and its borders.
#include "models/t3/sampler.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <set>
#include <vector>

#include "goldens.hpp"
#include "models/t3/facts.hpp"

using namespace nightingale;
using t3::Sampler;
using t3::Sampling;

namespace {

constexpr std::size_t vocabulary = 8194;
constexpr float nothing = -1e30F;  // a logit whose probability rounds to 0

// The formulas of tests/goldens/sampler.json.
std::vector<float> conditioned_logits(int step, float shift) {
  std::vector<float> logits(vocabulary);
  for (int i = 0; i < static_cast<int>(vocabulary); ++i) {
    float logit = static_cast<float>((i * 40503LL + step * 9973 + 7) % 65536 - 32768) / 8192 + shift;
    if (i % 683 == 5) logit += 4;
    if (i == t3::start_speech) logit += 5;
    logits[static_cast<std::size_t>(i)] = logit;
  }
  return logits;
}

std::vector<float> unconditioned_logits(int step) {
  std::vector<float> logits(vocabulary);
  for (int i = 0; i < static_cast<int>(vocabulary); ++i) {
    logits[static_cast<std::size_t>(i)] =
        static_cast<float>((i * 30029LL + step * 7919) % 65536 - 32768) / 16384;
  }
  return logits;
}

// Logits that are `nothing` but at the first places.
std::vector<float> logits_of(std::initializer_list<float> first) {
  std::vector<float> logits(vocabulary, nothing);
  std::copy(first.begin(), first.end(), logits.begin());
  return logits;
}

// Without guidance, temperature, filter and penalty, to switch on one by one.
constexpr Sampling plain{.guidance = 0, .temperature = 1, .min_p = 0, .top_p = 1, .repetition_penalty = 1};
constexpr Sampling best_only{
    .guidance = 0, .temperature = 0, .min_p = 0, .top_p = 1, .repetition_penalty = 1};

// Which tokens are ever drawn of these logits; each draw starts anew.
std::set<std::int32_t> drawn(const Sampling& sampling, const std::vector<float>& logits) {
  std::set<std::int32_t> tokens;
  Random random(1);
  for (int i = 0; i < 60; ++i) tokens.insert(Sampler(sampling, random).next(logits, {}));
  return tokens;
}

// The best token, again and again: of the same logits.
std::vector<std::int32_t> best_of(float penalty, const std::vector<float>& logits, int count) {
  Random random(1);
  Sampling sampling = best_only;
  sampling.repetition_penalty = penalty;
  Sampler sampler(sampling, random);
  std::vector<std::int32_t> tokens;
  for (int i = 0; i < count; ++i) tokens.push_back(sampler.next(logits, {}));
  return tokens;
}

}  // namespace

TEST_CASE("sampler_draws_what_transformers_draws") {
  std::ifstream file(test::golden("sampler.json"));
  const auto content = nlohmann::json::parse(file);
  REQUIRE(content.contains("provenance"));
  REQUIRE(content.at("vocabulary") == vocabulary);
  for (const auto& golden : content.at("cases")) {
    CAPTURE(golden.at("name").get<std::string>());
    const Sampling sampling{.guidance = golden.at("guidance"),
                            .temperature = golden.at("temperature"),
                            .min_p = golden.at("min_p"),
                            .top_p = golden.at("top_p"),
                            .repetition_penalty = golden.at("repetition_penalty")};
    Random random(golden.at("seed").get<std::uint64_t>());
    Sampler sampler(sampling, random);
    const auto expected = golden.at("tokens").get<std::vector<std::int32_t>>();
    std::vector<std::int32_t> tokens;
    for (int step = 0; step < static_cast<int>(expected.size()); ++step) {
      const auto unconditioned = sampling.guidance == 0 ? std::vector<float>() : unconditioned_logits(step);
      tokens.push_back(sampler.next(conditioned_logits(step, golden.at("shift")), unconditioned));
    }
    CHECK(tokens == expected);
  }
}

TEST_CASE("sampler_penalises_the_start_of_speech_before_it_was_said") {
  std::vector<float> logits = logits_of({1.9F});
  logits[t3::start_speech] = 2;
  CHECK(best_of(1, logits, 1).front() == t3::start_speech);
  CHECK(best_of(1.2F, logits, 1).front() == 0);  // 2/1.2 < 1.9
}

TEST_CASE("sampler_penalises_a_token_once_however_often_it_was_said") {
  // 2 and 1.8 become 2/1.2 = 1.67 and 1.5; a second penalty would make 1.39 of 2.
  CHECK(best_of(1.2F, logits_of({2, 1.8F}), 5) == std::vector<std::int32_t>{0, 1, 0, 0, 0});
}

TEST_CASE("sampler_makes_logits_below_zero_smaller_too") {
  CHECK(best_of(2, logits_of({-1, -1.5F}), 2) == std::vector<std::int32_t>{0, 1});
}

TEST_CASE("temperature_zero_takes_the_first_of_the_best_and_draws_nothing") {
  Random random(9);
  Random untouched(9);
  CHECK(Sampler(best_only, random).next(logits_of({1, 3, 3}), {}) == 1);
  CHECK(random.bits() == untouched.bits());
}

TEST_CASE("guidance_moves_away_from_what_is_said_without_the_text") {
  Random random(1);
  Sampling sampling = best_only;
  const std::vector<float> conditioned = logits_of({2, 1.9F});
  const std::vector<float> unconditioned = logits_of({2, 1});
  sampling.guidance = 0.5F;  // 2 and 1.9 + 0.5·0.9
  CHECK(Sampler(sampling, random).next(conditioned, unconditioned) == 1);
  sampling.guidance = 0;
  CHECK(Sampler(sampling, random).next(conditioned, unconditioned) == 0);
}

TEST_CASE("min_p_keeps_a_token_exactly_at_the_border") {
  Sampling sampling = plain;
  sampling.min_p = 1;  // the best and its equals
  CHECK(drawn(sampling, logits_of({2, 2, 1.99F})) == std::set<std::int32_t>{0, 1});
  sampling.min_p = 0.4F;
  CHECK(drawn(sampling, logits_of({0, -0.9F, -0.95F})) == std::set<std::int32_t>{0, 1});  // e^-0.9 = 0.407
}

TEST_CASE("min_p_looks_at_the_probabilities_behind_the_temperature") {
  Sampling sampling = plain;
  sampling.min_p = 0.5F;
  sampling.temperature = 2;  // e^(-1/2) = 0.61 stays, e^-1 = 0.37 would not
  CHECK(drawn(sampling, logits_of({0, -1})) == std::set<std::int32_t>{0, 1});
  sampling.temperature = 1;
  CHECK(drawn(sampling, logits_of({0, -1})) == std::set<std::int32_t>{0});
}

TEST_CASE("top_p_drops_what_adds_up_to_exactly_the_rest") {
  Sampling sampling = plain;
  sampling.top_p = 0.5F;  // of four quarters the two that stand last stay, as in transformers' stable sort
  CHECK(drawn(sampling, logits_of({1, 1, 1, 1})) == std::set<std::int32_t>{2, 3});
  sampling.top_p = 0.51F;
  CHECK(drawn(sampling, logits_of({1, 1, 1, 1})) == std::set<std::int32_t>{1, 2, 3});
  sampling.top_p = 0;
  CHECK(drawn(sampling, logits_of({1, 3, 2})) == std::set<std::int32_t>{1});
}

TEST_CASE("a_logit_of_minus_infinity_is_never_drawn") {
  std::vector<float> logits = logits_of({1, 1});
  logits[1] = -std::numeric_limits<float>::infinity();
  for (const float top_p : {1.0F, 0.9F}) {
    Sampling sampling = plain;
    sampling.top_p = top_p;
    CHECK(drawn(sampling, logits) == std::set<std::int32_t>{0});
  }
}

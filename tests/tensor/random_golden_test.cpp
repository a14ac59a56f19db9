// Every sequence of tests/goldens/random.json, which tools/make_random_goldens.py writes from torch.
#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numbers>
#include <string>
#include <vector>

#include "tensor/random.hpp"

namespace nightingale {
namespace {

using Json = nlohmann::json;
using Values = std::vector<float>;

constexpr float normal_tolerance = 2e-6f;       // absolute
constexpr float exponential_tolerance = 1e-6f;  // relative

Json goldens() {
  std::ifstream file(NIGHTINGALE_SOURCE "/tests/goldens/random.json");
  REQUIRE(file);
  return Json::parse(file);
}

std::size_t count_of(const Json& shape) {
  std::size_t count = 1;
  for (const Json& size : shape) count *= size.get<std::size_t>();
  return count;
}

// Upstream's Uniform(-π, π).sample(): a multiplication and an addition, each rounded.
void draw_phases(Random& random, Values& out) {
  constexpr float half_turn = std::numbers::pi_v<float>;
  random.uniform(out);
  for (float& value : out) {
    const volatile float scaled = value * (half_turn + half_turn);
    value = scaled - half_turn;
  }
}

Values draw(Random& random, const Json& golden) {
  Values out(count_of(golden["shape"]));
  const auto kind = golden["draw"].get<std::string>();
  if (kind == "rand") {
    random.uniform(out);
  } else if (kind == "randn") {
    random.normal(out);
  } else if (kind == "exponential") {
    random.exponential(out);
  } else if (kind == "uniform") {
    random.uniform(out, golden["low"].get<float>(), golden["high"].get<float>());
  } else {
    REQUIRE(kind == "phases");
    draw_phases(random, out);
  }
  return out;
}

float tolerance_of(const std::string& kind, float expected) {
  if (kind == "randn") return normal_tolerance;
  if (kind == "exponential") return exponential_tolerance * std::abs(expected);
  return 0;
}

void check_draw(Random& random, const Json& golden) {
  const auto kind = golden["draw"].get<std::string>();
  const Values found = draw(random, golden);
  const Json& expected = golden["values"];
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::size_t at = golden.contains("at") ? golden["at"][i].get<std::size_t>() : i;
    CAPTURE(kind);
    CAPTURE(at);
    const auto value = expected[i].get<float>();
    CHECK(std::abs(found.at(at) - value) <= tolerance_of(kind, value));
  }
}

// The weights are made by rule, as the goldens' head says.
Values weights_of(const Json& golden) {
  Values weights(golden["count"].get<std::size_t>());
  const bool sparse = golden["weights"] == "sparse";
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (sparse && i % 1000 != 7) continue;
    weights[i] = static_cast<float>((i * 40503) % 65536 + 1) / 65536;
  }
  return weights;
}

void check_choices(Random& random, const Json& golden) {
  const Values weights = weights_of(golden);
  for (const Json& expected : golden["values"]) {
    CHECK(random.multinomial(weights) == expected.get<std::size_t>());
  }
}

TEST_CASE("random_equals_torch_on_every_golden_sequence") {
  const Json all = goldens();
  REQUIRE(!all["sequences"].empty());
  for (const Json& sequence : all["sequences"]) {
    CAPTURE(sequence["name"].get<std::string>());
    Random random(sequence["seed"].get<std::uint64_t>());
    for (const Json& golden : sequence["draws"]) {
      if (golden["draw"] == "multinomial") {
        check_choices(random, golden);
      } else {
        check_draw(random, golden);
      }
    }
  }
}

}  // namespace
}  // namespace nightingale

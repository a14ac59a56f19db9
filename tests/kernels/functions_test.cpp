// The polynomials against the double functions, over dense arguments. 1.2e-7 is one unit in the last place of
// a float; each is allowed two, relative to the result, or to 1 where the result goes through 0.
#include <doctest/doctest.h>

#include <cmath>

#include "kernels/cpu/functions.hpp"

using namespace nightingale;

namespace {

// The largest error of `ours` over [low, high], relative to max(|expected|, floor).
template <typename Ours, typename Exact>
double worst(const Ours& ours, const Exact& exact, float low, float high, double floor) {
  constexpr int points = 200001;
  double most = 0;
  for (int i = 0; i < points; ++i) {
    const float x = low + (high - low) * static_cast<float>(i) / (points - 1);
    const double expected = exact(static_cast<double>(x));
    const double error = std::abs(ours(x) - expected) / std::max(std::abs(expected), floor);
    if (!(error <= most)) most = error;
  }
  return most;
}

constexpr double two_units = 2.4e-7;

}  // namespace

TEST_CASE("exponentials_are_good_to_two_units_in_the_last_place") {
  CHECK(worst([](float x) { return cpu::exponential(x); }, [](double x) { return std::exp(x); }, -87, 88, 0) <
        two_units);
  CHECK(worst([](float x) { return cpu::exponential_minus_one(x); }, [](double x) { return std::expm1(x); },
              -20, 20, 0) < two_units);
  CHECK(worst([](float x) { return cpu::exponential_minus_one(x); }, [](double x) { return std::expm1(x); },
              -1e-4F, 1e-4F, 1e-12) < two_units);
  CHECK(worst([](float x) { return cpu::moderate_exponential(x); }, [](double x) { return std::exp(x); }, -87,
              87, 0) < two_units);
  CHECK(cpu::exponential(-200) == 0);
  CHECK(cpu::exponential(-INFINITY) == 0);
  CHECK(std::isinf(cpu::exponential(89.5F)));
  CHECK(cpu::exponential(0) == 1);
  CHECK(std::isnan(cpu::exponential(NAN)));
}

TEST_CASE("tanh_and_sigmoid_are_good_to_two_units_in_the_last_place") {
  CHECK(worst([](float x) { return cpu::hyperbolic_tangent(x); }, [](double x) { return std::tanh(x); }, -20,
              20, 0) < two_units);
  CHECK(worst([](float x) { return cpu::sigmoid(x); }, [](double x) { return 1 / (1 + std::exp(-x)); }, -80,
              80, 0) < 1.5 * two_units);
}

TEST_CASE("silu_gelu_and_mish_are_good_to_a_few_units_of_their_argument") {
  const auto silu = [](double x) { return x / (1 + std::exp(-x)); };
  const auto gelu = [](double x) { return x * 0.5 * (1 + std::erf(x / std::sqrt(2.0))); };
  const auto mish = [](double x) { return x * std::tanh(std::log1p(std::exp(x))); };
  CHECK(worst([](float x) { return cpu::silu(x); }, silu, -80, 80, 0) < 2 * two_units);
  CHECK(worst([](float x) { return cpu::gelu(x); }, gelu, -8, 8, 1) < two_units);
  CHECK(worst([](float x) { return cpu::mish(x); }, mish, -80, 80, 0) < 2 * two_units);
}

TEST_CASE("sine_is_good_for_thousands_of_turns") {
  CHECK(worst([](float x) { return cpu::sine(x); }, [](double x) { return std::sin(x); }, -3, 3, 1e-3) <
        two_units);
  CHECK(worst([](float x) { return cpu::sine(x); }, [](double x) { return std::sin(x); }, -1000, 1000, 1e-2) <
        two_units);
  CHECK(worst([](float x) { return cpu::sine(x); }, [](double x) { return std::sin(x); }, 19000, 20000, 1) <
        two_units);
}

// Matrices of few bits: what rounding may cost, the layout, sizes that fill no strip and no group.
#include "tensor/quantized.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tensor/random.hpp"

using namespace nightingale;

namespace {

std::vector<float> normal_numbers(std::int64_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> numbers(static_cast<std::size_t>(count));
  random.normal(numbers);
  return numbers;
}

double relative_error(const std::vector<float>& values, const std::vector<float>& rounded) {
  double error = 0, size = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    error += std::pow(values[i] - rounded[i], 2);
    size += std::pow(values[i], 2);
  }
  return std::sqrt(error / size);
}

}  // namespace

TEST_CASE("quantized_numbers_stand_for_what_they_were_made_of") {
  struct Case {
    Precision precision;
    std::int64_t rows, columns, group;
    double most;  // of the error's size to the numbers'; normal numbers in groups of 32
  };
  for (const Case& c : {Case{Precision::int8, 16, 32, 32, 0.007},
                        {Precision::int8, 37, 100, 32, 0.007},
                        {Precision::int8, 5, 200, 128, 0.009},
                        {Precision::int4, 16, 32, 32, 0.085},
                        {Precision::int4, 37, 100, 32, 0.085},
                        {Precision::int4, 1, 7, 8, 0.08}}) {
    CAPTURE(name_of(c.precision));
    CAPTURE(c.columns);
    const std::vector<float> values = normal_numbers(c.rows * c.columns, 3);
    const Quantized matrix =
        quantized(values, {.precision = c.precision, .rows = c.rows, .columns = c.columns, .group = c.group});
    const std::vector<float> rounded = dequantized(matrix.view());
    REQUIRE(rounded.size() == values.size());
    CHECK(relative_error(values, rounded) < c.most);
  }
}

TEST_CASE("quantized_numbers_lie_where_the_layout_says") {
  // Row r, column c holds r + 1 where c = 5 and nought elsewhere.
  const std::int64_t rows = 18, columns = 40;
  std::vector<float> values(static_cast<std::size_t>(rows * columns));
  for (std::int64_t row = 0; row < rows; ++row) {
    values[static_cast<std::size_t>(row * columns + 5)] = static_cast<float>(row + 1);
  }
  const Quantized matrix =
      quantized(values, {.precision = Precision::int8, .rows = rows, .columns = columns, .group = 32});
  REQUIRE(matrix.layout.strips() == 2);
  REQUIRE(matrix.layout.groups() == 2);
  REQUIRE(matrix.numbers.size() == 2 * 2 * 32 * 16);
  REQUIRE(matrix.scales.size() == 2 * 2 * 16);
  const auto number = [&](std::int64_t strip, std::int64_t quad, std::int64_t lane, std::int64_t column) {
    return static_cast<int>(
        matrix.numbers[static_cast<std::size_t>(((strip * 16 + quad) * 16 + lane) * 4 + column)]);
  };
  CHECK(number(0, 1, 0, 1) == 255);  // column 5 is the second of the second quad
  CHECK(number(1, 1, 1, 1) == 255);  // row 17
  CHECK(number(1, 1, 2, 1) == 128);  // no row at all
  CHECK(number(0, 0, 0, 0) == 128);
  CHECK(from_bfloat16(matrix.scales[15]) * 127 == doctest::Approx(16).epsilon(0.01));
}

TEST_CASE("int4_takes_the_range_of_least_error") {
  // One number far from the others: the range that holds it exactly is not the best for the others.
  std::vector<float> values = normal_numbers(32, 5);
  values[7] = 6;
  const QuantizedLayout layout{.precision = Precision::int4, .rows = 1, .columns = 32, .group = 32};
  const double ours = relative_error(values, dequantized(quantized(values, layout).view()));
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  std::vector<float> whole_range;
  for (const float value : values) {
    const float step = (*high - *low) / 15;
    whole_range.push_back(*low + step * std::nearbyint((value - *low) / step));
  }
  CHECK(ours < relative_error(values, whole_range));
}

TEST_CASE("numbers_that_are_all_alike_are_kept") {
  for (const float value : {0.0F, 2.5F, -1.0F}) {
    const std::vector<float> values(64, value);
    for (const Precision precision : {Precision::int8, Precision::int4}) {
      const Quantized matrix = quantized(values, {.precision = precision, .rows = 2, .columns = 32});
      for (const float rounded : dequantized(matrix.view()))
        CHECK(rounded == doctest::Approx(value).epsilon(0.005));
    }
  }
}

TEST_CASE("bfloat16_rounds_to_the_nearest_and_ties_to_even") {
  CHECK(from_bfloat16(to_bfloat16(1.0F)) == 1.0F);
  CHECK(from_bfloat16(to_bfloat16(1.00390625F)) == 1.0F);       // half-way, the even one is below
  CHECK(from_bfloat16(to_bfloat16(1.01171875F)) == 1.015625F);  // half-way, the even one is above
  CHECK(from_bfloat16(to_bfloat16(-3.14159274F)) == -3.140625F);
}

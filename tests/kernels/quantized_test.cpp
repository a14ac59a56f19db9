// Products with matrices of few bits: every kernel that this machine can run, against the definition in
// double, x rounded to bytes as they round it; and the whole operation, whose distance from float32 is that
// of the rounding.
#include "kernels/cpu/quantized.hpp"

#include <array>
#include <cmath>

#include "both.hpp"
#include "kernels/cpu/quantized_strip.hpp"
#include "tensor/random.hpp"

using namespace nightingale;
using namespace nightingale::testing;

namespace {

struct Sizes {
  std::int64_t rows, in, out, group;
};

std::vector<float> numbers(std::int64_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> drawn(static_cast<std::size_t>(count));
  random.normal(drawn);
  return drawn;
}

// Σ over the columns of matrix · x, both as their numbers stand for.
std::vector<double> expected(const Quantized& matrix, const cpu::ByteRows& x) {
  const std::vector<float> w = dequantized(matrix.view());
  const QuantizedLayout& layout = matrix.layout;
  std::vector<double> out;
  for (std::int64_t row = 0; row < x.rows; ++row) {
    for (std::int64_t o = 0; o < layout.rows; ++o) {
      double sum = 0;
      for (std::int64_t i = 0; i < layout.columns; ++i) {
        const double scale = x.scales[row * x.groups + i / layout.group];
        sum += scale * x.numbers[row * x.columns + i] * w[static_cast<std::size_t>(o * layout.columns + i)];
      }
      out.push_back(sum);
    }
  }
  return out;
}

void check_kernels(const Sizes& size, Precision precision) {
  const QuantizedLayout layout{
      .precision = precision, .rows = size.out, .columns = size.in, .group = size.group};
  const Quantized matrix = quantized(numbers(size.out * size.in, 1), layout);
  const std::vector<float> x = numbers(size.rows * size.in, 2);
  std::vector<float> scratch(static_cast<std::size_t>(cpu::floats_of_byte_rows(size.rows, layout)));
  cpu::ByteRows bytes = cpu::byte_rows_at(scratch.data(), size.rows, layout);
  const double scale = std::sqrt(static_cast<double>(size.in));
  for (const cpu::StripKernels& kernels : cpu::strip_kernels_of_this_machine()) {
    bytes.most = cpu::most_of(precision, kernels);
    cpu::round_to_bytes(x.data(), size.in, size.in, size.group, bytes);
    const std::vector<double> wanted = expected(matrix, bytes);
    std::vector<float> out(wanted.size(), 1e9F);
    cpu::multiply_quantized(bytes, matrix.view(), 0, layout.strips(), out.data(), size.out, kernels);
    double most = 0;
    for (std::size_t i = 0; i < out.size(); ++i) most = std::max(most, std::abs(out[i] - wanted[i]));
    CHECK(most < 2e-6 * scale);
  }
}

Weight matrix_weight(const Shape& shape, Precision precision) {
  const Weight weight = random_weight("matrix", shape, 1, Use::matmul, 0.1F);
  weight.record().precision = precision;
  weight.record().decodes = true;
  return weight;
}

}  // namespace

TEST_CASE("quantized_products_agree_in_every_kernel") {
  for (const Precision precision : {Precision::int8, Precision::int4}) {
    for (const Sizes& size : {Sizes{1, 32, 16, 32},
                              {2, 64, 32, 32},
                              {3, 100, 37, 32},
                              {7, 33, 1, 32},
                              {8, 1024, 48, 32},
                              {15, 256, 20, 128},
                              {14, 96, 40, 32},
                              {29, 70, 64, 64},
                              {61, 130, 140, 64},
                              {1, 5, 3, 8}}) {
      CAPTURE(name_of(precision));
      CAPTURE(size.rows);
      CAPTURE(size.in);
      check_kernels(size, precision);
    }
  }
}

TEST_CASE("quantized_products_hold_at_the_ends_of_the_bytes") {
  // All numbers as large as they get, with either sign: the sums of pairs must not overflow.
  for (const Precision precision : {Precision::int8, Precision::int4}) {
    for (const float sign : {1.0F, -1.0F}) {
      for (const std::int64_t rows : {1, 12}) {
        const QuantizedLayout layout{.precision = precision, .rows = 32, .columns = 64};
        std::vector<float> w(32 * 64, sign);
        w[0] = -sign;
        const Quantized matrix = quantized(w, layout);
        const std::vector<float> x(static_cast<std::size_t>(rows) * 64, 1.0F);
        std::vector<float> scratch(static_cast<std::size_t>(cpu::floats_of_byte_rows(rows, layout)));
        cpu::ByteRows bytes = cpu::byte_rows_at(scratch.data(), rows, layout);
        for (const cpu::StripKernels& kernels : cpu::strip_kernels_of_this_machine()) {
          bytes.most = cpu::most_of(precision, kernels);
          cpu::round_to_bytes(x.data(), 64, 64, layout.group, bytes);
          std::vector<float> out(static_cast<std::size_t>(rows) * 32);
          cpu::multiply_quantized(bytes, matrix.view(), 0, 2, out.data(), 32, kernels);
          for (std::size_t row = 0; row < out.size(); row += 32) {
            CHECK(out[row] == doctest::Approx(62 * sign).epsilon(0.01));
            CHECK(out[row + 1] == doctest::Approx(64 * sign).epsilon(0.01));
          }
        }
      }
    }
  }
}

namespace {

struct OneRow {
  std::vector<std::int8_t> numbers;
  std::vector<float> scales;
  std::vector<std::int32_t> sums;

  OneRow(std::int64_t count, std::int64_t group)
      : numbers(static_cast<std::size_t>((count + group - 1) / group * group), 99),
        scales(numbers.size() / static_cast<std::size_t>(group)),
        sums(scales.size()) {}
  cpu::ByteRow row(std::int64_t count, std::int64_t group) {
    return {count, group, cpu::most_byte, numbers.data(), scales.data(), sums.data()};
  }
  double at(std::size_t i, std::int64_t group) const {
    return static_cast<double>(scales[i / static_cast<std::size_t>(group)]) * numbers[i];
  }
};

}  // namespace

TEST_CASE("rows_become_bytes_and_back_in_every_kernel") {
  for (const std::int64_t count : {1, 16, 63, 64, 200}) {
    const std::vector<float> x = numbers(count, 8);
    for (const cpu::StripKernels& kernels : cpu::strip_kernels_of_this_machine()) {
      OneRow bytes(count, 64);
      kernels.round(x.data(), bytes.row(count, 64));
      for (std::size_t i = 0; i < x.size(); ++i) CHECK(std::abs(bytes.at(i, 64) - x[i]) < 0.02);
      for (std::size_t i = x.size(); i < bytes.numbers.size(); ++i) CHECK(bytes.numbers[i] == 0);
      std::int32_t sum = 0;
      for (const std::int8_t number : bytes.numbers) sum += number;
      std::int32_t told = 0;
      for (const std::int32_t of_group : bytes.sums) told += of_group;
      CHECK(told == sum);
    }
  }
}

TEST_CASE("scores_are_softened_to_bytes_alike_in_every_kernel") {
  for (const std::int64_t count : {1, 64, 130, 750}) {
    std::vector<float> scores = numbers(count, 9);
    scores[0] = 400;  // beyond which nothing of the others is left
    if (count > 64) scores[0] = 4;
    double sum = 0;
    for (const float score : scores) sum += std::exp(0.5 * (score - scores[0]));
    for (const cpu::StripKernels& kernels : cpu::strip_kernels_of_this_machine()) {
      OneRow bytes(count, 64);
      CHECK(kernels.soften(scores.data(), 0.5F, bytes.row(count, 64)) == doctest::Approx(sum).epsilon(0.01));
      for (std::size_t i = 0; i < scores.size(); ++i) {
        CHECK(std::abs(bytes.at(i, 64) - std::exp(0.5 * (scores[i] - scores[0]))) < 0.005);
      }
    }
  }
}

TEST_CASE("columns_are_quantized_as_a_whole_matrix_is") {
  const std::int64_t rows = 32, columns = 100;
  const std::vector<float> drawn = numbers(rows * columns, 7);
  std::vector<float> turned(drawn.size());
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t c = 0; c < columns; ++c) {
      turned[static_cast<std::size_t>(c * rows + row)] = drawn[static_cast<std::size_t>(row * columns + c)];
    }
  }
  const QuantizedLayout layout{.precision = Precision::int8, .rows = rows, .columns = columns, .group = 64};
  const std::vector<float> plain = dequantized(quantized(drawn, layout).view());
  for (const cpu::StripKernels& kernels : cpu::strip_kernels_of_this_machine()) {
    Quantized made(layout);
    cpu::quantize_columns(turned.data(), rows, layout, made.numbers.data(), made.scales.data(), kernels);
    const std::vector<float> ours = dequantized(made.view());
    double most = 0, apart = 0;
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      most = std::max<double>(most, std::abs(ours[i] - drawn[i]));
      apart = std::max<double>(apart, std::abs(ours[i] - plain[i]));
    }
    CHECK(most < 0.02);  // half of a 127th of about four
    CHECK(apart < 0.04);
  }
}

TEST_CASE("linear_with_few_bits_is_as_far_from_float32_as_the_rounding") {
  struct Case {
    Precision precision;
    double most;
  };
  for (const Case& c : {Case{Precision::int8, 0.012}, {Precision::int4, 0.09}}) {
    for (const std::int64_t rows : {1, 2, 5, 100, 211}) {
      CAPTURE(rows);
      const auto op = make_cpu({test_threads});
      const Tensor x = random_tensor(*op, {{"batch", 1}, {"row", rows}, {"in", 300}}, 3);
      const Tensor add = random_tensor(*op, {{"batch", 1}, {"row", rows}, {"out", 70}}, 4);
      const Fused fused{.then = {Activation::Kind::silu}, .add = &add};
      Weight weight = matrix_weight({{"out", 70}, {"in", 300}}, Precision::f32);
      const std::vector<float> exact = op->read(op->linear(x, weight, {}, fused));
      weight.record().precision = c.precision;
      weight.record().decodes = true;
      op->prepare(weight);
      CHECK(weight->values.empty());
      const std::vector<float> rounded = op->read(op->linear(x, weight, {}, fused));
      const double apart = distance(rounded, exact);
      CHECK(apart < c.most);
      CHECK(apart > c.most / 20);
    }
  }
}

TEST_CASE("linear_with_few_bits_gives_the_same_bits_for_any_number_of_threads") {
  Weight weight = matrix_weight({{"out", 300}, {"in", 200}}, Precision::int8);
  make_cpu({2})->prepare(weight);
  check_bits_of_any_threads(weight);
}

TEST_CASE("linear_with_few_bits_gives_a_row_the_same_bits_whichever_rows_come_with_it") {
  for (const Precision precision : {Precision::int8, Precision::int4}) {
    Weight weight = matrix_weight({{"out", 100}, {"in", 600}}, precision);
    make_cpu({2})->prepare(weight);
    check_bits_of_any_rows(weight);
  }
}

TEST_CASE("linears_in_one_pass_are_what_each_is_alone") {
  const auto op = make_cpu({test_threads});
  for (const Precision precision : {Precision::f32, Precision::int8, Precision::int4}) {
    Weight first = matrix_weight({{"out", 70}, {"in", 96}}, precision);
    Weight second = matrix_weight({{"wide", 250}, {"in", 96}}, precision);
    const Weight bias = random_weight("bias", {{"wide", 250}}, 4);
    op->prepare(first);
    op->prepare(second);
    for (const std::int64_t rows : {1, 2, 150}) {
      const Tensor x = random_tensor(*op, {{"row", rows}, {"in", 96}}, 5);
      const Fused fused{.then = {Activation::Kind::silu}};
      const std::vector<Tensor> both =
          op->linears(x, std::array{Projection{first, {}}, Projection{second, bias, fused}});
      REQUIRE(both.size() == 2);
      CHECK(op->read(both[0]) == op->read(op->linear(x, first, {})));
      CHECK(op->read(both[1]) == op->read(op->linear(x, second, bias, fused)));
    }
  }
}

TEST_CASE("feed_forward_is_one_linear_and_then_the_other") {
  const auto op = make_cpu({test_threads});
  for (const Precision precision : {Precision::f32, Precision::int8}) {
    Weight widen = matrix_weight({{"hidden", 150}, {"in", 96}}, precision);
    Weight narrow = matrix_weight({{"out", 40}, {"hidden", 150}}, precision);
    const Weight bias = random_weight("bias", {{"hidden", 150}}, 4);
    op->prepare(widen);
    op->prepare(narrow);
    for (const std::int64_t rows : {1, 96, 211}) {
      const Tensor x = random_tensor(*op, {{"row", rows}, {"in", 96}}, 5);
      const Tensor add = random_tensor(*op, {{"row", rows}, {"out", 40}}, 6);
      const Fused first{.then = {Activation::Kind::gelu}}, second{.add = &add};
      const Tensor between = op->linear(x, widen, bias, first);
      CHECK(op->read(op->feed_forward(x, {widen, bias, first}, {narrow, {}, second})) ==
            op->read(op->linear(between, narrow, {}, second)));
    }
  }
}

TEST_CASE("self_attention_is_the_linears_and_then_attention") {
  const auto op = make_cpu({.threads = test_threads, .attention = Precision::int8});
  struct Sizes {
    std::int64_t batch, rows, heads, width;
  };
  // By heads of bytes; and one after the other, as the threads would not share the heads well, or as the rows
  // are few, or their width is no whole strip.
  for (const Sizes s : {Sizes{2, 101, 3, 32}, {1, 101, 2, 64}, {2, 20, 3, 32}, {2, 101, 3, 20}}) {
    for (const Precision precision : {Precision::f32, Precision::int8}) {
      CAPTURE(s.rows);
      const Axis head{"head", s.heads}, width{"width", s.width};
      const auto made = [&](std::uint64_t seed) {
        Weight weight =
            random_weight("matrix", {{"inner", s.heads * s.width}, {"in", 96}}, seed, Use::matmul, 0.1F);
        weight.record().precision = precision;
        op->prepare(weight);
        return weight;
      };
      const Weight query = made(1), key = made(2), value = made(3), none;
      const Tensor x = random_tensor(*op, {{"batch", s.batch}, {"row", s.rows}, {"in", 96}}, 4);
      const auto heads = [&](const Weight& weight) {
        return op->split(op->linear(x, weight, {}), "inner", head, width);
      };
      const Tensor seen = op->attention(heads(query), heads(key), heads(value), 0.3F);
      const SelfAttention how{{Projection{query, none}, {key, none}, {value, none}}, head, width, 0.3F};
      CHECK(op->read(op->self_attention(x, how)) == op->read(seen));
    }
  }
}

TEST_CASE("a_row_does_not_depend_on_the_rows_beside_it") {
  Weight weight = matrix_weight({{"out", 40}, {"in", 96}}, Precision::int4);
  const auto op = make_cpu({1});
  op->prepare(weight);
  const Tensor x = random_tensor(*op, {{"row", 8}, {"in", 96}}, 9);
  const std::vector<float> together = op->read(op->linear(x, weight, {}));
  for (const std::int64_t row : {0, 3, 7}) {
    const std::vector<float> alone = op->read(op->linear(op->slice(x, "row", row, 1), weight, {}));
    CHECK(std::equal(alone.begin(), alone.end(), together.begin() + row * 40));
  }
}

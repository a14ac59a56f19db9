// linear and embedding against the reference: both paths (few rows, many rows), every fused end, odd sizes.
#include <cmath>

#include "both.hpp"

using namespace nightingale;
using namespace nightingale::testing;

namespace {

struct LinearSizes {
  std::int64_t rows, in, out;
};

// Result and weight scaled so that results are about 1.
Weight matrix(std::int64_t out, std::int64_t in, std::uint32_t seed) {
  const float deviation = in > 0 ? 1 / std::sqrt(static_cast<float>(in)) : 1;
  return random_weight("matrix", {{"out", out}, {"in", in}}, seed, Use::matmul, deviation);
}

}  // namespace

TEST_CASE("linear_agrees_for_few_rows_and_many_and_for_odd_sizes") {
  for (const LinearSizes size : {LinearSizes{1, 1, 1},
                                 {1, 17, 5},
                                 {2, 1024, 513},
                                 {3, 31, 1},
                                 {5, 64, 7},
                                 {7, 129, 64},
                                 {8, 16, 16},
                                 {8, 8192, 37},
                                 {9, 16, 16},
                                 {13, 97, 101},
                                 {191, 33, 300},
                                 {193, 64, 257},
                                 {1601, 48, 80},
                                 {0, 4, 4}}) {
    CAPTURE(size.rows);
    CAPTURE(size.in);
    CAPTURE(size.out);
    const Weight weight = matrix(size.out, size.in, 1);
    const Weight bias = random_weight("bias", {{"out", size.out}}, 2);
    CHECK(agree(
        [&](Ops& op) {
          const Tensor x = random_tensor(op, {{"batch", 1}, {"row", size.rows}, {"in", size.in}}, 3);
          return op.linear(x, weight, bias);
        },
        rounding));
  }
}

TEST_CASE("linear_applies_the_activation_before_it_adds_the_residual") {
  using Kind = Activation::Kind;
  for (const std::int64_t rows : {2, 100}) {
    for (const Kind kind : {Kind::none, Kind::silu, Kind::gelu, Kind::mish, Kind::relu}) {
      CAPTURE(rows);
      CAPTURE(static_cast<int>(kind));
      const Weight weight = matrix(70, 50, 4);
      const Weight bias = random_weight("bias", {{"out", 70}}, 5);
      CHECK(agree(
          [&](Ops& op) {
            const Tensor x = random_tensor(op, {{"batch", 2}, {"row", rows / 2}, {"in", 50}}, 6);
            const Tensor add = random_tensor(op, {{"batch", 2}, {"row", rows / 2}, {"out", 70}}, 7);
            return op.linear(x, weight, bias, {.then = {kind}, .add = &add});
          },
          rounding));
    }
  }
}

TEST_CASE("linear_gives_the_same_bits_for_any_number_of_threads") {
  const Weight weight = matrix(300, 200, 8);
  check_bits_of_any_threads(weight);
}

TEST_CASE("linear_gives_a_row_the_same_bits_whichever_rows_come_with_it") {
  check_bits_of_any_rows(matrix(100, 600, 20));
}

TEST_CASE("embedding_reads_the_rows_of_its_ids") {
  const Weight table = random_weight("table", {{"entry", 11}, {"channel", 37}}, 10, Use::table);
  const std::vector<std::int32_t> ids = {0, 10, 3, 3, 7, 1};
  CHECK(agree(
      [&](Ops& op) {
        return op.embedding(op.write_ids({{"batch", 2}, {"row", 3}}, ids), table);
      },
      0));
}

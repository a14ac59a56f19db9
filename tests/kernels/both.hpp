// Runs the same lines on the fast substrate and on the reference, and compares.
//
//   CHECK(agree([&](Ops& op) { return op.linear(random_tensor(op, shape, 1), weight, bias); }, rounding));
#pragma once

#include <doctest/doctest.h>

#include "close.hpp"
#include "kernels/cpu/cpu.hpp"
#include "kernels/reference/reference.hpp"

namespace nightingale::testing {

// float32 rounds at 6e-8 of a number. A sum of up to some thousand products of numbers of like size, in any
// order, loses a few times that of the result's scale; elementary functions are good to 2 units in the last
// place.
constexpr double rounding = 1e-6;

// Threads on purpose more than one, so that the shared paths are tested on any machine.
constexpr int test_threads = 3;

template <typename Lines>
Closeness agree(const Lines& lines, double tolerance) {
  const auto fast = make_cpu({test_threads});
  const auto plain = make_reference();
  return close(lines(*fast), lines(*plain), tolerance);
}

// A linear with this weight [out, in 200] gives the same bits for any number of threads.
inline void check_bits_of_any_threads(const Weight& weight) {
  for (const std::int64_t rows : {1, 2, 5, 500}) {
    const auto result = [&](int threads) {
      const auto op = make_cpu({threads});
      return op->read(op->linear(random_tensor(*op, {{"row", rows}, {"in", 200}}, 9), weight, {}));
    };
    CHECK(result(1) == result(2));
    CHECK(result(1) == result(5));
  }
}

// A row of a linear with this weight [out, in 600] has the same bits whichever rows come with it, where they
// are too many to be few.
inline void check_bits_of_any_rows(const Weight& weight) {
  const auto op = make_cpu({test_threads});
  const Tensor x = random_tensor(*op, {{"row", 300}, {"in", 600}}, 9);
  const Tensor whole = op->linear(x, weight, {});
  std::int64_t first = 0;
  for (const std::int64_t rows : {9, 16, 23, 50, 97, 105}) {
    CAPTURE(rows);
    const Tensor part = op->linear(op->slice(x, "row", first, rows), weight, {});
    CHECK(op->read(part) == op->read(op->slice(whole, "row", first, rows)));
    first += rows;
  }
}

// A random weight in the fast substrate's own form, which the reference ignores.
inline Weight prepared_weight(const Shape& shape, std::uint32_t seed, Use use, float deviation = 1) {
  Weight weight = random_weight("weight", shape, seed, use, deviation);
  make_cpu({1})->prepare(weight);
  return weight;
}

}  // namespace nightingale::testing

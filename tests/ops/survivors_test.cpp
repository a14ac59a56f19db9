// What a deliberate slip once survived in this room (tests/mutations): each case holds the line it broke.
#include <doctest/doctest.h>

#include "ops/join.hpp"

namespace nightingale {
namespace {

TEST_CASE("join_refuses_another_order_even_where_the_sizes_agree") {
  const Axis batch = unknown("batch");
  const Axis frame = unknown("frame");
  const Shape rows{batch, frame, {"mel", 80}};
  const auto square = [](const Shape& shape) { return Tensor(shape, Type::f32, nullptr, nullptr); };
  const Tensor last = square({{"batch", 1}, {"frame", 80}, {"mel", 80}});
  const Tensor first = square({{"batch", 1}, {"mel", 80}, {"frame", 80}});
  const auto belongs = [&](const Tensor& mu) {
    const Join operands[] = {{"x", &last, rows}, {"mu", &mu, rows}};
    return belong_together({}, operands);
  };
  CHECK(belongs(last));
  CHECK(!belongs(first));
}

}  // namespace
}  // namespace nightingale

// Weights that take part as tensors: learned queries, and consecutive rows of a table of learned positions.
#include "base/failure.hpp"
#include "ops/ops.hpp"

namespace nightingale {

Tensor Ops::constant(const Weight& weight) {
  return write(weight.shape().resolved(), weight->values);
}

Tensor Ops::rows(const Weight& table, const Size& first, const Axis& row) {
  const Shape stored = table.shape().resolved();
  const Shape shape{row, stored.back()};
  const Size last = first + row.size;
  if (!last.is_number() || !stored[0].size.is_number() || !stored.back().size.is_number())
    return zeros(shape);
  if (last.number() > stored.count(0)) {
    fail(ErrorCode::shape_mismatch,
         table.path() + " holds " + stored[0].text() + " rows, but row " + std::to_string(last.number() - 1) +
             " was asked for: the " + std::string(row.name.text()) +
             " is longer than this checkpoint can number",
         "split the text into shorter pieces");
  }
  if (table->values.empty()) return zeros(shape);
  const auto channels = static_cast<std::size_t>(stored.count(1));
  return write(shape, table->values.subspan(static_cast<std::size_t>(first.number()) * channels,
                                            static_cast<std::size_t>(row.size.number()) * channels));
}

}  // namespace nightingale

// How a rule says no: which operation, both sides with their axes and origins, what was expected, what to do.
//
// Nothing here runs unless something is wrong, so a rule that is content builds no text. The fast comparison
// `same` and the slow explanation `compare` stand side by side: one decides, the other only words it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/failure.hpp"
#include "ops/weight.hpp"
#include "tensor/tensor.hpp"

namespace nightingale::rules {

// Which operation refuses: "linear flow.encoder_proj.weight", or "add" alone.
struct Operation {
  std::string_view name;
  const Weight* weight = nullptr;

  std::string text() const;
};

// A tensor, or a result that does not exist yet, as the messages speak of it.
struct Operand {
  std::string_view name;
  const Shape& shape;
  Name origin = "";

  Operand(std::string_view called, const Tensor& x)
      : name(called),
        shape(x.shape()),
        origin(x.origin()) {}
  Operand(std::string_view called, const Shape& axes)
      : name(called),
        shape(axes) {}
};

// Why two sides do not belong together, and what would help.
struct Cause {
  std::string what;
  std::string fix;
};

// Equal once the symbols that a checkpoint has solved count as their values.
bool same(const Size& left, const Size& right);

// One side of a refusal, with the origin of the tensor or of the weight's sizes.
Fact side(const Operand& operand, std::string expected = {});
Fact side(const Weight& weight, std::string expected = {});

// The axis in quotes with its size: 'mel 80'.
std::string quoted(const Axis& axis);
// The names alone: "[batch, frame, mel]".
std::string names_of(const Shape& shape);

// What differs between two operands that should have equal axes: order, names or sizes.
Cause compare(const Operand& left, const Operand& right);

[[noreturn]] void refuse(const Operation& operation, Cause cause, std::vector<Fact> sides);

// Equal names, order and sizes.
void require_equal(const Operation& operation, const Operand& left, const Operand& right);
// The innermost axis bears this name and size, which `reader` (a weight, or "the window") asks for.
void require_innermost(const Operation& operation, const Operand& x, const Axis& wanted,
                       std::string_view reader);
// The operand has exactly these axes, by name; sizes are the caller's affair.
void require_layout(const Operation& operation, const Operand& x, std::size_t rank, std::string_view layout);

}  // namespace nightingale::rules

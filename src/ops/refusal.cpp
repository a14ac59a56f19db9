#include "ops/refusal.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace nightingale::rules {

namespace {

bool has_name(const Shape& shape, Name name) {
  return std::any_of(shape.begin(), shape.end(), [&](const Axis& axis) { return axis.name == name; });
}

// "'mel'" for the first axis of `shape` that `other` lacks, or nothing.
const Axis* missing_from(const Shape& other, const Shape& shape) {
  const Axis* found =
      std::find_if(shape.begin(), shape.end(), [&](const Axis& axis) { return !has_name(other, axis.name); });
  return found == shape.end() ? nullptr : found;
}

std::string name_in_quotes(const Axis& axis) {
  return fmt::format("'{}'", axis.name.text());
}

// "frame: x has 64, y has 564" for every axis of one name and two sizes.
std::string differing_sizes(const Operand& left, const Operand& right) {
  std::string out;
  for (const Axis& axis : left.shape) {
    const auto place = right.shape.find(axis.name);
    if (!place || same(axis.size, right.shape[*place].size)) continue;
    if (!out.empty()) out += "; ";
    out += std::string(axis.name.text()) + ": " + std::string(left.name) + " has " +
           axis.size.resolved().text() + ", " + std::string(right.name) + " has " +
           right.shape[*place].size.resolved().text();
  }
  return out;
}

// The order in which `x` would end in the axis `last`.
std::string reordered_to_end_in(const Shape& x, Name last) {
  Shape wanted;
  for (const Axis& axis : x) {
    if (axis.name != last) wanted.append(axis);
  }
  wanted.append(x[*x.find(last)]);
  return names_of(wanted);
}

// Why `x` does not end in `wanted`: order, another size, another name, or another value altogether.
std::string innermost_fix(const Operand& x, const Axis& wanted) {
  const Axis& last = x.shape.back();
  const std::string name(x.name);
  if (last.name == wanted.name) {
    return "the name is right and the size is not: " + last.size.resolved().text() + " against " +
           wanted.size.resolved().text() + "; the two come from different models or layers";
  }
  if (x.shape.has(wanted.name)) {
    return "axis order: " + name_in_quotes(wanted) + " is there but not innermost; reorder " + name + " to " +
           reordered_to_end_in(x.shape, wanted.name);
  }
  if (same(last.size, wanted.size)) {
    return "the sizes agree: rename " + name_in_quotes(last) + " to " + name_in_quotes(wanted) +
           " if they mean the same";
  }
  return "give the value that ends in " + quoted(wanted) + "; this looks like another stage's";
}

}  // namespace

std::string Operation::text() const {
  std::string out(name);
  if (weight && *weight) out += " " + weight->path();
  return out;
}

bool same(const Size& left, const Size& right) {
  if (left.is_number() && right.is_number()) return left.number() == right.number();
  return left.resolved() == right.resolved();
}

std::string quoted(const Axis& axis) {
  return fmt::format("'{}'", Axis{axis.name, axis.size.resolved()}.text());
}

std::string names_of(const Shape& shape) {
  std::string out = "[";
  for (const Axis& axis : shape) out += (out.size() > 1 ? ", " : "") + std::string(axis.name.text());
  return out + "]";
}

Fact side(const Operand& operand, std::string expected) {
  std::string origin(operand.origin.text());
  if (!origin.empty()) origin = "it comes from " + origin;
  return {std::string(operand.name), operand.shape.text(), std::move(expected), std::move(origin)};
}

Fact side(const Weight& weight, std::string expected) {
  std::string origin;
  for (const Axis& axis : weight.shape()) {
    const auto& terms = axis.size.terms();
    if (terms.size() != 1 || terms.front().first.origin().empty()) continue;
    const Symbol& symbol = terms.front().first;
    if (!origin.empty()) origin += "; ";
    origin += symbol.name() + " = " + std::to_string(symbol.value()) + " says " + symbol.origin();
  }
  return {weight.path(), weight.shape().text(), std::move(expected), std::move(origin)};
}

Cause compare(const Operand& left, const Operand& right) {
  const std::string left_name(left.name);
  const std::string right_name(right.name);
  const Axis* only_left = missing_from(right.shape, left.shape);
  const Axis* only_right = missing_from(left.shape, right.shape);
  if (only_left && only_right && left.shape.rank() == right.shape.rank()) {
    return {left_name + " has " + quoted(*only_left) + " where " + right_name + " has " + quoted(*only_right),
            same(only_left->size, only_right->size)
                ? "the sizes agree: rename " + name_in_quotes(*only_right) + " to " +
                      name_in_quotes(*only_left) + " if they mean the same"
                : "these are values of different stages: check which one is meant"};
  }
  if (only_left || only_right) {
    const bool lacks_left = !only_left;
    const Axis& axis = lacks_left ? *only_right : *only_left;
    const std::string& lacking = lacks_left ? left_name : right_name;
    return {lacking + " has no axis " + quoted(axis), "spread " + lacking + " along " + name_in_quotes(axis) +
                                                          ", or take the other's value without it"};
  }
  const bool ordered =
      std::equal(left.shape.begin(), left.shape.end(), right.shape.begin(), right.shape.end(),
                 [](const Axis& a, const Axis& b) { return a.name == b.name; });
  if (!ordered) {
    return {"axis order: " + left_name + " is " + names_of(left.shape) + ", " + right_name + " is " +
                names_of(right.shape),
            "reorder " + right_name + " to " + names_of(left.shape)};
  }
  std::string sizes = differing_sizes(left, right);
  if (sizes.starts_with("batch:")) {
    return {std::move(sizes),
            "give both the same batch; only the second operand of add and multiply may have 1"};
  }
  return {std::move(sizes),
          "trim or pad the side whose length is wrong; a width that differs comes from another model"};
}

void refuse(const Operation& operation, Cause cause, std::vector<Fact> sides) {
  throw Failure(Error{ErrorCode::shape_mismatch, operation.text() + ": " + std::move(cause.what),
                      std::move(sides), std::move(cause.fix)});
}

void require_equal(const Operation& operation, const Operand& left, const Operand& right) {
  const auto equal_axes = [](const Axis& a, const Axis& b) {
    return a.name == b.name && same(a.size, b.size);
  };
  if (std::equal(left.shape.begin(), left.shape.end(), right.shape.begin(), right.shape.end(), equal_axes)) {
    return;
  }
  refuse(operation, compare(left, right), {side(left), side(right, left.shape.text())});
}

void require_innermost(const Operation& operation, const Operand& x, const Axis& wanted,
                       std::string_view reader) {
  const bool any = x.shape.rank() > 0;
  if (any && x.shape.back().name == wanted.name && same(x.shape.back().size, wanted.size)) return;
  const std::string expected = "[…, " + Axis{wanted.name, wanted.size.resolved()}.text() + "]";
  Cause cause{std::string(x.name) + " has no axes", "give a value of the stage before"};
  if (any) {
    cause = {std::string(x.name) + " ends in axis " + quoted(x.shape.back()) + " but " + std::string(reader) +
                 " reads " + quoted(wanted),
             innermost_fix(x, wanted)};
  }
  std::vector<Fact> sides{side(x, expected)};
  if (operation.weight && *operation.weight) sides.push_back(side(*operation.weight));
  refuse(operation, std::move(cause), std::move(sides));
}

void require_layout(const Operation& operation, const Operand& x, std::size_t rank, std::string_view layout) {
  if (x.shape.rank() == rank && x.shape[0].name == Name("batch")) return;
  refuse(operation,
         {std::string(x.name) + " is " + names_of(x.shape) + ", not " + std::string(layout),
          x.shape.has("batch") ? "split, merge or reorder its axes first" : "spread it along 'batch' first"},
         {side(x, std::string(layout))});
}

}  // namespace nightingale::rules

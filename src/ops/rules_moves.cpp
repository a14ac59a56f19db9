// The rules of the operations that only move numbers about.
#include <fmt/core.h>

#include <algorithm>

#include "ops/refusal.hpp"
#include "ops/rules.hpp"

namespace nightingale::rules {

namespace {

std::string in_quotes(Name name) {
  return fmt::format("'{}'", name.text());
}

void require_absent(const Operation& operation, const Tensor& x, Name name, std::size_t first,
                    std::size_t last) {
  for (std::size_t i = 0; i < x.shape().rank(); ++i) {
    if ((i >= first && i <= last) || x.shape()[i].name != name) continue;
    refuse(operation, {"x already has an axis " + in_quotes(name), "choose another name for the new axis"},
           {side({"x", x})});
  }
}

void require_room(const Operation& operation, const Tensor& x) {
  if (x.shape().rank() < Shape::most_axes) return;
  refuse(operation,
         {"x has " + std::to_string(Shape::most_axes) + " axes, and none can be added",
          "merge two of its axes first"},
         {side({"x", x})});
}

// `first` up to `first + count` must lie within the axis. Whatever is a number is checked; the remaining room
// of a formula is one too when the symbols cancel.
void require_within(const Operation& operation, const Tensor& x, const Axis& axis, const Size& first,
                    const Size& count) {
  const Size room = axis.size.resolved() - first - count;
  const auto negative = [](const Size& size) { return size.is_number() && size.number() < 0; };
  if (!negative(first) && !negative(count) && !negative(room)) return;
  refuse(operation,
         {"indices " + first.text() + " … " + (first + count - 1).text() + " (" + count.text() +
              " of them) do not lie in " + quoted(axis),
          "take a part that lies in the axis; is a length another request's?"},
         {side({"x", x})});
}

// outer · inner, when one of them is a number.
std::optional<Size> product(const Size& outer, const Size& inner) {
  if (outer.is_number()) return outer.number() * inner;
  if (inner.is_number()) return inner.number() * outer;
  return std::nullopt;
}

}  // namespace

std::size_t place_of(std::string_view operation, const Tensor& x, Name axis) {
  if (const auto place = x.shape().find(axis)) return *place;
  refuse(
      {operation},
      {"x has no axis " + in_quotes(axis) + " of its own: it is " + names_of(x.shape()), "name an axis of x"},
      {side({"x", x})});
}

Shape concat(std::span<const Tensor> parts, Name axis) {
  const Operation operation{"concat"};
  if (parts.empty()) refuse(operation, {"there is nothing to join", "give at least one part"}, {});
  Shape out = parts[0].shape();
  const std::size_t place = place_of("concat", parts[0], axis);
  for (const Tensor& part : parts.subspan(1)) {
    const std::size_t there = place_of("concat", part, axis);
    Shape others = part.shape();
    others[there].size = out[place].size;
    const bool equal =
        others.rank() == out.rank() &&
        std::equal(others.begin(), others.end(), out.begin(),
                   [](const Axis& a, const Axis& b) { return a.name == b.name && same(a.size, b.size); });
    if (!equal || part.type() != parts[0].type()) {
      Cause cause = compare({"the first part", out}, {"another", others});
      if (equal) cause = {"a part holds ids and another numbers", "join parts of one type"};
      cause.what = "along " + in_quotes(axis) + ", " + cause.what;
      cause.fix += "; parts may differ in " + in_quotes(axis) + " only";
      refuse(operation, std::move(cause), {side({"the first part", parts[0]}), side({"another", part})});
    }
    out[place].size = out[place].size + part.shape()[there].size;
  }
  return out;
}

Shape slice(const Tensor& x, Name axis, const Size& first, const Size& count) {
  const std::size_t place = place_of("slice", x, axis);
  Shape out = x.shape();
  require_within({"slice"}, x, out[place], first, count);
  out[place].size = count;
  return out;
}

Shape select(const Tensor& x, Name axis, const Size& index) {
  const std::size_t place = place_of("select", x, axis);
  Shape out = x.shape();
  require_within({"select"}, x, out[place], index, 1);
  out.erase(place);
  return out;
}

Shape pad(const Tensor& x, Name axis, std::int64_t left, std::int64_t right, Padding padding) {
  const std::size_t place = place_of("pad", x, axis);
  Shape out = x.shape();
  const Size& size = out[place].size;
  const std::int64_t widest = std::max(left, right);
  const bool too_short = padding == Padding::reflect && size.is_number() && size.number() <= widest;
  if (left < 0 || right < 0 || too_short) {
    refuse({"pad"},
           {"cannot add " + std::to_string(left) + " and " + std::to_string(right) + " to " +
                quoted(out[place]) + (too_short ? " by reflection" : ""),
            too_short ? "reflection needs one index more than it adds" : "use slice to shorten"},
           {side({"x", x})});
  }
  out[place].size = size + (left + right);
  return out;
}

Shape repeat(const Tensor& x, Name axis, std::int64_t times) {
  const std::size_t place = place_of("repeat", x, axis);
  if (times < 1) {
    refuse({"repeat"}, {"cannot repeat " + std::to_string(times) + " times", "repeat at least once"},
           {side({"x", x})});
  }
  Shape out = x.shape();
  out[place].size = times * out[place].size;
  return out;
}

Shape spread(const Tensor& x, const Axis& axis, Name before) {
  const Operation operation{"spread"};
  const std::size_t place = place_of("spread", x, before);
  require_room(operation, x);
  require_absent(operation, x, axis.name, Shape::most_axes, 0);
  Shape out = x.shape();
  out.insert(place, {axis.name, axis.size.resolved()});
  return out;
}

Shape reorder(const Tensor& x, std::span<const Name> axes) {
  Shape out;
  const Shape& from = x.shape();
  const auto listed_once = [&](const Axis& axis) {
    return std::count(axes.begin(), axes.end(), axis.name) == 1;
  };
  if (axes.size() != from.rank() || !std::all_of(from.begin(), from.end(), listed_once)) {
    std::string wanted;
    for (const Name name : axes) wanted += (wanted.empty() ? "[" : ", ") + std::string(name.text());
    refuse({"reorder"},
           {wanted + "] does not list the axes of " + names_of(from) + " once each",
            "name every axis of x, in the new order"},
           {side({"x", x})});
  }
  for (const Name name : axes) out.append(from[place_of("reorder", x, name)]);
  return out;
}

Shape rename(const Tensor& x, Name from, Name to) {
  const std::size_t place = place_of("rename", x, from);
  require_absent({"rename"}, x, to, place, place);
  Shape out = x.shape();
  out[place].name = to;
  return out;
}

Shape split(const Tensor& x, Name axis, const Axis& outer, const Axis& inner) {
  const Operation operation{"split"};
  const std::size_t place = place_of("split", x, axis);
  require_room(operation, x);
  require_absent(operation, x, outer.name, place, place);
  require_absent(operation, x, inner.name, place, place);
  const Axis whole = x.shape()[place];
  const Axis out_axis{outer.name, outer.size.resolved()};
  const Axis in_axis{inner.name, inner.size.resolved()};
  const auto parts = product(out_axis.size, in_axis.size);
  if (!parts || !same(*parts, whole.size) || outer.name == inner.name) {
    refuse(operation,
           {quoted(whole) + " is not " + quoted(outer) + " times " + quoted(inner) +
                (parts ? ", which is " + parts->text() : ""),
            "is the number of heads, or the width of one, another model's?"},
           {side({"x", x})});
  }
  Shape out = x.shape();
  out[place] = in_axis;
  out.insert(place, out_axis);
  return out;
}

Shape merge(const Tensor& x, Name outer, Name inner, const Axis& axis) {
  const Operation operation{"merge"};
  const std::size_t first = place_of("merge", x, outer);
  const std::size_t second = place_of("merge", x, inner);
  if (second != first + 1) {
    refuse(operation,
           {in_quotes(outer) + " and " + in_quotes(inner) + " are not neighbours in " + names_of(x.shape()),
            "reorder x so that " + in_quotes(inner) + " follows " + in_quotes(outer)},
           {side({"x", x})});
  }
  require_absent(operation, x, axis.name, first, second);
  const Axis merged{axis.name, axis.size.resolved()};
  const auto parts = product(x.shape()[first].size, x.shape()[second].size);
  if (!parts || !same(*parts, merged.size)) {
    refuse(operation,
           {quoted(x.shape()[first]) + " times " + quoted(x.shape()[second]) +
                (parts ? ", which is " + parts->text() + "," : "") + " is not " + quoted(axis),
            "declare the merged axis with the product of the two"},
           {side({"x", x})});
  }
  Shape out = x.shape();
  out.erase(second);
  out[first] = merged;
  return out;
}

}  // namespace nightingale::rules

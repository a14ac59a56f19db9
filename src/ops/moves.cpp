// The operations that only move numbers: written once for every substrate that keeps its tensors in memory.
//
// A tensor is seen as [outer][axis][inner]: every move along one axis copies runs of `inner` elements. What
// needs no copy is a view: rename, split, merge, and slice or select along the outermost axis that is longer
// than 1. A tensor without numbers (the proof run) only changes its axes. What is the same value seen
// otherwise keeps its origin.
#include <algorithm>
#include <array>
#include <cstring>

#include "ops/ops.hpp"
#include "ops/refusal.hpp"
#include "ops/rules.hpp"

namespace nightingale {

namespace {

std::byte* bytes(const Tensor& x) {
  return x.type() == Type::f64   ? reinterpret_cast<std::byte*>(x.data<double>())
         : x.type() == Type::i32 ? reinterpret_cast<std::byte*>(x.data<std::int32_t>())
                                 : reinterpret_cast<std::byte*>(x.data<float>());
}

// A tensor around one of its axes.
struct Around {
  std::size_t outer = 1;  // how often the axis is walked
  std::size_t count = 1;  // its indices
  std::size_t inner = 0;  // bytes of one index
  std::byte* data = nullptr;

  Around(const Tensor& x, std::size_t place)
      : inner(size_of(x.type())),
        data(bytes(x)) {
    const Shape& shape = x.shape();
    for (std::size_t i = 0; i < place; ++i) outer *= static_cast<std::size_t>(shape.count(i));
    for (std::size_t i = place + 1; i < shape.rank(); ++i) inner *= static_cast<std::size_t>(shape.count(i));
    count = static_cast<std::size_t>(shape.count(place));
  }
  std::byte* at(std::size_t walk, std::size_t index) const { return data + (walk * count + index) * inner; }
};

// Fills the `added` indices beside the edge of an axis: zeros, or what lies on the other side of the edge.
void fill_edges(const Around& from, const Around& to, std::size_t walk, std::size_t left, Padding padding) {
  const std::size_t right = to.count - from.count - left;
  if (padding == Padding::zero) {
    std::memset(to.at(walk, 0), 0, left * to.inner);
    std::memset(to.at(walk, left + from.count), 0, right * to.inner);
    return;
  }
  for (std::size_t i = 1; i <= left; ++i) {
    std::memcpy(to.at(walk, left - i), from.at(walk, i), from.inner);
  }
  for (std::size_t i = 1; i <= right; ++i) {
    std::memcpy(to.at(walk, left + from.count - 1 + i), from.at(walk, from.count - 1 - i), from.inner);
  }
}

// Copies x into `out`, whose axes are x's in another order; `strides` are x's along the axes of `out`.
template <typename Element>
void permute(const Element* from, Element* to, const Shape& shape,
             const std::array<std::int64_t, Shape::most_axes>& strides) {
  const std::size_t last = shape.rank() - 1;
  const std::int64_t run = shape.count(last);
  std::array<std::int64_t, Shape::most_axes> index{};
  const Element* row = from;
  for (std::int64_t left = shape.elements(); left > 0; left -= run) {
    if (strides[last] == 1) {
      std::memcpy(to, row, static_cast<std::size_t>(run) * sizeof(Element));
    } else {
      for (std::int64_t i = 0; i < run; ++i) to[i] = row[i * strides[last]];
    }
    to += run;
    // The next row: count up like an odometer.
    for (std::size_t axis = last; axis-- > 0;) {
      row += strides[axis];
      if (++index[axis] < shape.count(axis)) break;
      row -= index[axis] * strides[axis];
      index[axis] = 0;
    }
  }
}

// Axes of size 1 do not matter to the storage order.
bool same_storage_order(const Shape& left, const Shape& right) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (true) {
    while (i < left.rank() && left.count(i) == 1) ++i;
    while (j < right.rank() && right.count(j) == 1) ++j;
    if (i == left.rank() || j == right.rank()) return i == left.rank() && j == right.rank();
    if (left[i++].name != right[j++].name) return false;
  }
}

}  // namespace

Tensor Ops::concat(std::span<const Tensor> parts, Name axis) {
  const Span span(*this, "concat");
  const Shape shape = rules::concat(parts, axis);
  if (parts.size() == 1) return parts[0];
  Tensor out = allocate(shape, parts[0].type());
  if (!out.has_numbers()) return out;
  const std::size_t place = *shape.find(axis);
  const Around to(out, place);
  std::size_t first = 0;
  for (const Tensor& part : parts) {
    const Around from(part, place);
    for (std::size_t walk = 0; walk < to.outer; ++walk) {
      std::memcpy(to.at(walk, first), from.at(walk, 0), from.count * from.inner);
    }
    first += from.count;
  }
  return out;
}

Tensor Ops::slice(const Tensor& x, Name axis, const Size& first, const Size& count) {
  const Span span(*this, "slice");
  const Size from_index = first.resolved();
  const Shape shape = rules::slice(x, axis, from_index, count.resolved());
  if (!x.has_numbers()) return x.viewed(shape);
  const std::size_t place = *shape.find(axis);
  const Around from(x, place);
  if (from.outer == 1) {
    const auto inner = static_cast<std::int64_t>(from.inner / size_of(x.type()));
    return x.viewed(shape, from_index.number() * inner);
  }
  Tensor out = allocate(shape, x.type());
  const Around to(out, place);
  for (std::size_t walk = 0; walk < to.outer; ++walk) {
    std::memcpy(to.at(walk, 0), from.at(walk, static_cast<std::size_t>(from_index.number())),
                to.count * to.inner);
  }
  return out.from(x.origin());
}

Tensor Ops::select(const Tensor& x, Name axis, const Size& index) {
  const Shape shape = rules::select(x, axis, index.resolved());
  return slice(x, axis, index, 1).viewed(shape);
}

Tensor Ops::pad(const Tensor& x, Name axis, std::int64_t left, std::int64_t right, Padding padding) {
  const Span span(*this, "pad");
  Tensor out = allocate(rules::pad(x, axis, left, right, padding), x.type());
  if (!out.has_numbers()) return out;
  const std::size_t place = *x.shape().find(axis);
  const Around from(x, place);
  const Around to(out, place);
  for (std::size_t walk = 0; walk < to.outer; ++walk) {
    std::memcpy(to.at(walk, static_cast<std::size_t>(left)), from.at(walk, 0), from.count * from.inner);
    fill_edges(from, to, walk, static_cast<std::size_t>(left), padding);
  }
  return out;
}

Tensor Ops::repeat(const Tensor& x, Name axis, std::int64_t times) {
  const Span span(*this, "repeat");
  Tensor out = allocate(rules::repeat(x, axis, times), x.type());
  if (!out.has_numbers()) return out;
  const Around from(x, *x.shape().find(axis));
  std::byte* to = bytes(out);
  for (std::size_t index = 0; index < from.outer * from.count; ++index) {
    for (std::int64_t time = 0; time < times; ++time, to += from.inner) {
      std::memcpy(to, from.at(0, index), from.inner);
    }
  }
  return out;
}

Tensor Ops::spread(const Tensor& x, const Axis& axis, Name before) {
  const Span span(*this, "spread");
  const Shape shape = rules::spread(x, axis, before);
  const std::size_t place = *x.shape().find(before);
  if (x.has_numbers() && shape[place].size == Size(1)) return x.viewed(shape);
  Tensor out = allocate(shape, x.type());
  if (!out.has_numbers()) return out;
  const Around from(x, place);
  const Around to(out, place);
  for (std::size_t walk = 0; walk < to.outer; ++walk) {
    for (std::size_t index = 0; index < to.count; ++index) {
      std::memcpy(to.at(walk, index), from.at(walk, 0), to.inner);
    }
  }
  return out;
}

Tensor Ops::reorder(const Tensor& x, std::initializer_list<Name> axes) {
  const Span span(*this, "reorder");
  const Shape shape = rules::reorder(x, {axes.begin(), axes.size()});
  if (!x.has_numbers() || same_storage_order(x.shape(), shape)) return x.viewed(shape);
  Tensor out = allocate(shape, x.type());
  std::array<std::int64_t, Shape::most_axes> strides{};
  std::int64_t stride = 1;
  for (std::size_t i = x.shape().rank(); i-- > 0; stride *= x.shape().count(i)) {
    strides[*shape.find(x.shape()[i].name)] = stride;
  }
  if (size_of(x.type()) == sizeof(std::uint64_t)) {
    permute(reinterpret_cast<const std::uint64_t*>(bytes(x)), reinterpret_cast<std::uint64_t*>(bytes(out)),
            shape, strides);
  } else {
    permute(reinterpret_cast<const std::uint32_t*>(bytes(x)), reinterpret_cast<std::uint32_t*>(bytes(out)),
            shape, strides);
  }
  return out.from(x.origin());
}

Tensor Ops::rename(const Tensor& x, Name from, Name to) {
  return x.viewed(rules::rename(x, from, to));
}

Tensor Ops::split(const Tensor& x, Name axis, const Axis& outer, const Axis& inner) {
  return x.viewed(rules::split(x, axis, outer, inner));
}

Tensor Ops::merge(const Tensor& x, Name outer, Name inner, const Axis& axis) {
  return x.viewed(rules::merge(x, outer, inner, axis));
}

}  // namespace nightingale

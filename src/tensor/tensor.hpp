// A tensor: named axes in storage order, numbers without gaps (C order of its axes), and the stage it came
// from.
//
// Copies share their numbers and no operation changes an existing tensor, so tensors may be passed around
// freely. In the proof run a tensor has axes only.
#pragma once

#include <cassert>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

#include "tensor/axes.hpp"

namespace nightingale {

enum class Type { f32, f64, i32 };

std::size_t size_of(Type type);

template <typename Number>
constexpr Type type_of() {
  if constexpr (std::is_same_v<std::remove_const_t<Number>, float>) return Type::f32;
  if constexpr (std::is_same_v<std::remove_const_t<Number>, double>) return Type::f64;
  return Type::i32;
}

class Tensor {
 public:
  Tensor() = default;
  // `data` points into `storage`, or both are null for a tensor without numbers.
  Tensor(Shape shape, Type type, std::shared_ptr<std::byte> storage, std::byte* data)
      : shape_(std::move(shape)),
        type_(type),
        storage_(std::move(storage)),
        data_(data) {}

  bool empty() const { return shape_.rank() == 0; }
  const Shape& shape() const { return shape_; }
  Type type() const { return type_; }
  bool has_numbers() const { return data_ != nullptr; }

  // The numbers in storage order. Precondition: they are of this type.
  template <typename Number>
  std::span<Number> numbers() const {
    assert(type_of<Number>() == type_);
    return {reinterpret_cast<Number*>(data_), static_cast<std::size_t>(shape_.elements())};
  }
  template <typename Number>
  Number* data() const {
    assert(type_of<Number>() == type_);
    return reinterpret_cast<Number*>(data_);
  }

  // The same numbers under other axes with as many elements (rename, split, merge) or a part of them (slice).
  Tensor viewed(Shape shape, std::int64_t first_element = 0) const;

  // The same tensor, said to come from `stage`: "flow.encoder", "noise", "voice".
  Tensor from(Name stage) const;
  Name origin() const { return origin_; }

 private:
  Shape shape_;
  Type type_ = Type::f32;
  std::shared_ptr<std::byte> storage_;
  std::byte* data_ = nullptr;
  Name origin_ = "";
};

}  // namespace nightingale

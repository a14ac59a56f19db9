#include "tensor/tensor.hpp"

namespace nightingale {

std::size_t size_of(Type type) {
  return type == Type::f64 ? sizeof(double) : sizeof(float);
}

Tensor Tensor::viewed(Shape shape, std::int64_t first_element) const {
  Tensor view = *this;
  view.shape_ = std::move(shape);
  if (data_) view.data_ = data_ + static_cast<std::size_t>(first_element) * size_of(type_);
  return view;
}

Tensor Tensor::from(Name stage) const {
  Tensor named = *this;
  named.origin_ = stage;
  return named;
}

}  // namespace nightingale

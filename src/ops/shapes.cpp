#include "ops/shapes.hpp"

namespace nightingale {

Tensor Shapes::allocate(const Shape& shape, Type type) {
  return Tensor(shape, type, nullptr, nullptr);
}

std::unique_ptr<Cache> Shapes::make_cache(const CacheSizes& sizes) {
  return std::make_unique<Cache>(sizes);
}

}  // namespace nightingale

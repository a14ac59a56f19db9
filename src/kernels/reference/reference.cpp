#include "kernels/reference/reference.hpp"

#include "kernels/reference/substrate.hpp"

namespace nightingale {

std::unique_ptr<Ops> make_reference() {
  return std::make_unique<reference::Reference>();
}

}  // namespace nightingale

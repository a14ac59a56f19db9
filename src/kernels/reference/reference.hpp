// The reference substrate: plain loops in double precision, the definition of every operation.
//
// It is what the fast kernels are tested against, and what `verify --substrate reference` runs to tell a
// wrong formula from a wrong kernel. Nothing here is clever on purpose.
#pragma once

#include <memory>

#include "ops/ops.hpp"

namespace nightingale {

std::unique_ptr<Ops> make_reference();

}  // namespace nightingale

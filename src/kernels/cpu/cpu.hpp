// The fast substrate: float32 on the CPU, for the instruction set it finds there.
#pragma once

#include <memory>

#include "ops/ops.hpp"

namespace nightingale {

struct CpuOptions {
  int threads = 0;  // 0: as many as the machine has cores
  // f32 or int8: what long rows that all see each other multiply in, where bytes are faster than floats.
  Precision attention = Precision::f32;
};

std::unique_ptr<Ops> make_cpu(CpuOptions options = {});

}  // namespace nightingale

// See cpu.hpp.
#include "kernels/cpu/cpu.hpp"

#include <omp.h>

#include "kernels/cpu/substrate.hpp"

namespace nightingale {

std::unique_ptr<Ops> make_cpu(CpuOptions options) {
  return std::make_unique<Cpu>(options.threads > 0 ? options.threads : omp_get_num_procs(),
                               options.attention);
}

}  // namespace nightingale

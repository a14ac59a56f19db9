// See cpu.hpp.
#include "kernels/cpu/cpu.hpp"

#include "kernels/cpu/substrate.hpp"
#include "kernels/cpu/team.hpp"

namespace nightingale {

std::unique_ptr<Ops> make_cpu(CpuOptions options) {
  return std::make_unique<Cpu>(options.threads > 0 ? options.threads : cpu::processors(), options.attention);
}

}  // namespace nightingale

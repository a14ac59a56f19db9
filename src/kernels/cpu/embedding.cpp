// embedding: row id of the table for every id. The front of the operation has checked the ids.
#include <algorithm>

#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/substrate.hpp"

namespace nightingale {

void Cpu::do_embedding(const Tensor& ids, const Weight& table, Tensor& out) {
  const std::int64_t channels = out.shape().count(out.shape().rank() - 1);
  const auto rows = ids.numbers<const std::int32_t>();
  float* to = out.data<float>();
  cpu::share(threads_, ids.shape().elements(), channels, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      std::copy_n(table.values() + rows[static_cast<std::size_t>(row)] * channels, channels,
                  to + row * channels);
    }
  });
}

}  // namespace nightingale

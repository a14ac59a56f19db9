// libFuzzer: any bytes as a NumPy file. What is accepted must have bytes that fit its shapes.
#include "checkpoint/npy.hpp"
#include "touch.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nightingale;
  fuzz::touch([&] { return parse_npy(fuzz::file_of(data, size)); });
  return 0;
}

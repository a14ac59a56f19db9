// libFuzzer: any bytes as a safetensors file. What is accepted must have bytes that fit its shapes.
#include "checkpoint/safetensors.hpp"
#include "touch.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nightingale;
  fuzz::touch([&] { return parse_safetensors(fuzz::file_of(data, size)); });
  return 0;
}

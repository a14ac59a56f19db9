// libFuzzer: PyTorch archives. A zip file is tried as it is. Anything else is tried as the pickle of a sound
// archive with a storage of 64 bytes, so that the fuzzer reaches the pickle and guesses no checksums.
#include "../checkpoint/zip_file.hpp"
#include "checkpoint/torch_archive.hpp"
#include "touch.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nightingale;
  std::string archive(reinterpret_cast<const char*>(data), size);
  if (!archive.starts_with("PK")) {
    archive = test::zip_file(
        {test::stored("a/data.pkl", archive), test::deflated("a/data/0", std::string(64, '\1'))});
  }
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(archive.data());
  fuzz::touch([&] { return parse_torch_archive(fuzz::file_of(bytes, archive.size())); });
  return 0;
}

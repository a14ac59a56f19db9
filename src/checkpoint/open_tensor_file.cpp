#include "checkpoint/open_tensor_file.hpp"

#include "checkpoint/manifest.hpp"
#include "checkpoint/mapped_file.hpp"
#include "checkpoint/npy.hpp"
#include "checkpoint/safetensors.hpp"
#include "checkpoint/torch_archive.hpp"

namespace nightingale {

TensorFile open_tensor_file(const std::string& path) {
  const MappedFile file = map_file(path);
  switch (kind_of(file.bytes)) {
    case FileKind::zip: return parse_torch_archive(file);
    case FileKind::npy: return parse_npy(file);
    case FileKind::json: return read_manifest(path);
    // What is none of these is refused there: most checkpoints are, or should have been, safetensors.
    default: return parse_safetensors(file);
  }
}

}  // namespace nightingale

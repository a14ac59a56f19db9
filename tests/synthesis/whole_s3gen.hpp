// An s3gen file that listens and speaks: the networks of two goldens in one, written into a folder of its
// own.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "checkpoint/files.hpp"
#include "checkpoint/open_tensor_file.hpp"
#include "checkpoint/safetensors.hpp"

namespace nightingale::test {

inline std::string write_whole_s3gen(const TemporaryFolder& folder) {
  const TensorFile speaking =
      open_tensor_file(NIGHTINGALE_SOURCE "/tests/goldens/english/model/s3gen.safetensors");
  const TensorFile listening =
      open_tensor_file(NIGHTINGALE_SOURCE "/tests/goldens/cloning/model/s3gen.safetensors");
  std::vector<StoredTensor> all = speaking.tensors();
  std::copy_if(listening.tensors().begin(), listening.tensors().end(), std::back_inserter(all),
               [&](const StoredTensor& tensor) { return speaking.find(tensor.name) == nullptr; });
  const std::string path = folder / "s3gen.safetensors";
  write_safetensors(path, all);
  return path;
}

}  // namespace nightingale::test

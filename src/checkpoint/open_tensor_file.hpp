// Opens any file of tensors: what it is is told from its content, never from its name.
#pragma once

#include <string>

#include "checkpoint/tensor_file.hpp"

namespace nightingale {

// A safetensors file, a PyTorch archive, a .npy, or a manifest. Anything else is refused with a sentence that
// says what the file is instead, as far as that can be told.
TensorFile open_tensor_file(const std::string& path);

}  // namespace nightingale

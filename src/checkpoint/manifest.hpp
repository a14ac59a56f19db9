// A manifest: the names, shapes and types of a checkpoint without its values, as JSON.
//
//   {"file": "ve.safetensors", "tensors": [{"name": "proj.weight", "shape": [256, 256], "dtype": "F32"}, …]}
//
// A manifest may lean on one beside it: {"same_as": "s3gen.pt.json", "without": ["tokenizer.window"],
// "tensors": […]} has that one's tensors but those, and its own besides. Texts at the top become metadata;
// other keys are left alone.
#pragma once

#include <string>

#include "checkpoint/mapped_file.hpp"
#include "checkpoint/tensor_file.hpp"

namespace nightingale {

TensorFile read_manifest(const std::string& path);

}  // namespace nightingale

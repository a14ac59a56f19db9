// What torch.save writes since PyTorch 1.6: a zip archive of a pickle and one entry for each storage's bytes.
//
//   conds/data.pkl   {"t3": {"speaker_emb": tensor}, "gen": {…}}     ->  t3.speaker_emb, gen.prompt_token, …
//   conds/data/0     the bytes of the first storage
//
// Nothing is executed: the pickle is read as data (pickle.hpp). Dictionaries and lists unfold to dotted
// names. A tensor is a view: offset, sizes and strides over a storage that others may share; what is not in C
// order is copied into it. Values that are no tensors (numbers, texts, None) become the file's metadata.
// Source: torch/serialization.py, torch/_utils.py (_rebuild_tensor_v2, _rebuild_parameter).
#pragma once

#include <string>

#include "checkpoint/mapped_file.hpp"
#include "checkpoint/tensor_file.hpp"

namespace nightingale {

TensorFile read_torch_archive(const std::string& path);
TensorFile parse_torch_archive(const MappedFile& file);

}  // namespace nightingale

// safetensors: eight bytes of header length, a JSON header, the tensors' bytes end to end.
//
//   {"__metadata__": {"name": "Anna"}, "speech_emb.weight": {"dtype": "F32", "shape": [8194, 1024],
//   "data_offsets": [0, 33562624]}}
//
// Source: the format's own description (huggingface/safetensors, README). Offsets count from the end of the
// header; tensors may neither overlap nor leave a gap. Nothing in the header is believed before it was
// compared with the length of the file.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "checkpoint/mapped_file.hpp"
#include "checkpoint/tensor_file.hpp"

namespace nightingale {

TensorFile read_safetensors(const std::string& path);

// All faults of the tensors come in one report: one fact for each, the first 20.
TensorFile parse_safetensors(const MappedFile& file);

// Writes the tensors by falling size of element, then by name, as upstream does, so that each lies aligned. A
// tensor in Fortran order is written in C order. The file appears whole or not at all.
void write_safetensors(const std::string& path, const std::vector<StoredTensor>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace nightingale

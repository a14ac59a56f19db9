// A model folder written again with its matrices in few bits, so that it need not be rounded at every start.
#pragma once

#include <string>

#include "nightingale/precision.hpp"
#include "synthesis/model_folder.hpp"

namespace nightingale {

// Writes T3 (and with precisions.flow the flow) in few bits into the folder `to`, and all other files of the
// model as they are. Throws Failure: option_invalid (nothing is to be rounded, `to` is the model's own folder
// or holds files), model_mismatch, file_invalid (T3 is kept in few bits already), output_failed.
void quantize(const ModelFolder& model, const std::string& to, const Precisions& precisions);

}  // namespace nightingale

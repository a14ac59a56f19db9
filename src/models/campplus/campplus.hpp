// The speaker encoder of the flow (CAM++): a recording's filter bank becomes one x-vector of 192 numbers.
//
//   fbank − mean → front over planes → conv /2 → three dense blocks, each halved behind → mean and deviation
//   over time → linear → batch norm
//
// Source: upstream s3gen/xvector.py CAMPPlus; Wang et al. 2023, "CAM++: A fast and efficient network for
// speaker verification using context-aware masking". The filter bank: audio/fbank.hpp.
#pragma once

#include <vector>

#include "models/campplus/dense_block.hpp"
#include "models/campplus/front.hpp"
#include "models/signature.hpp"

namespace nightingale::campplus {

class Campplus {
 public:
  explicit Campplus(Binder at);

  // fbank [batch, frame, band 80] → [batch, speaker]
  Tensor forward(Ops& op, const Tensor& fbank) const;

  const Axis& speaker() const { return project_.weight.shape()[0]; }
  static std::vector<Signature> signatures();

 private:
  Front front_;
  Conv1d first_;
  BatchNorm first_norm_;
  std::vector<DenseBlock> blocks_;
  BatchNorm last_norm_;
  Conv1d project_;
  BatchNorm project_norm_;
};

}  // namespace nightingale::campplus

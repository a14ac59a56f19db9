// Densely joined layers with a mask that sees the context (CAM++, Wang et al. 2023): each layer reads
// everything before it in its block and adds a few channels of its own.
//
//   h = relu(norm(narrow(relu(norm(x)))));  y = conv(h) · σ(W2·relu(W1·(mean(h) + mean of its second(h))))
//   x = [x, y]
//
// Source: upstream s3gen/xvector.py CAMDenseTDNNBlock, CAMLayer.
#pragma once

#include <vector>

#include "layers/batch_norm.hpp"
#include "layers/conv1d.hpp"

namespace nightingale::campplus {

struct DenseLayer {
  BatchNorm wide_norm;
  Conv1d narrow;
  BatchNorm narrow_norm;
  Conv1d local, context, gate;

  // `in` is the width of everything before this layer.
  DenseLayer(Binder at, Axis in, std::int64_t dilation);

  // x [batch, frame, feature] → [batch, frame, feature = growth]
  Tensor forward(Ops& op, const Tensor& x) const;
};

struct DenseBlock {
  std::vector<DenseLayer> layers;
  BatchNorm norm;
  Conv1d transit;

  // The block under `block`, and what halves its width behind it, under `transit_at`; `in` and `out` are the
  // widths before and after.
  DenseBlock(Binder block, Binder transit_at, Axis in, Axis out, std::int64_t count, std::int64_t dilation);

  // x [batch, frame, feature = in] → [batch, frame, feature = out]
  Tensor forward(Ops& op, Tensor x) const;
};

}  // namespace nightingale::campplus

// The front of the speaker encoder: the filter bank as a picture, [frame, band], through residual blocks of
// 3×3 convolutions that halve its bands three times.
//
// Source: upstream s3gen/xvector.py FCM and BasicResBlock. Upstream's planes are [band, frame]; ours lie
// turned over, so that a row is one moment.
#pragma once

#include <optional>
#include <vector>

#include "layers/batch_norm.hpp"

namespace nightingale::campplus {

// A convolution over a plane without a bias, and the batch norm behind it.
struct PlaneLayer {
  Weight weight;
  BatchNorm norm;
  PlaneConvolution geometry;

  Tensor forward(Ops& op, const Tensor& x, Activation then) const;
};

// relu(second(relu(first(x))) + shortcut(x))
struct ResidualBlock {
  PlaneLayer first, second;
  std::optional<PlaneLayer> shortcut;  // where the bands are halved; else x itself

  Tensor forward(Ops& op, const Tensor& x) const;
};

struct Front {
  PlaneLayer first;
  std::vector<ResidualBlock> blocks;
  PlaneLayer last;

  explicit Front(Binder at);

  // fbank [batch, frame, band 80] → [batch, frame, feature = 10·channel], channels outermost, as upstream
  // flattens them
  Tensor forward(Ops& op, const Tensor& fbank) const;
};

}  // namespace nightingale::campplus

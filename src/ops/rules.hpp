// The rules: which axes the result of each operation has, and what is refused.
//
//   linear   […, in] × [out, in] → […, out]        conv1d   [batch, row, in] → [batch, row′, out]
//   row′ = (row + padding − dilation·(taps − 1) − 1)/stride + 1
//
// Pure functions of axes: they never look at a number of a tensor. Sizes are formulas (`Size`), so the same
// code judges a running request and the proof run, where lengths are symbols and the verdict holds for all of
// them. Axes are matched by name; the one liberty is that `batch` may be 1 against n in `add` and `multiply`.
// What is refused throws Failure (shape_mismatch) that names both sides; see ops/refusal.hpp.
#pragma once

#include <array>
#include <span>

#include "ops/ops.hpp"

namespace nightingale::rules {

// Layers with weights.
Shape embedding(const Tensor& ids, const Weight& table);
Shape linear(const Tensor& x, const Weight& weight, const Weight& bias, const Fused& fused = {});
Shape conv1d(const Tensor& x, const Weight& weight, const Weight& bias, const Convolution& geometry,
             const Fused& fused = {});
Shape conv_transpose1d(const Tensor& x, const Weight& weight, const Weight& bias,
                       const TransposedConvolution& geometry);
Shape conv2d(const Tensor& x, const Weight& weight, const PlaneConvolution& geometry);
Shape depthwise_conv1d(const Tensor& x, const Weight& weight, const Convolution& geometry,
                       const Fused& fused = {});
Shape lstm(const Tensor& x, const LstmWeights& weights);
// Norms and snake: one weight per channel, or none. The result has x's axes.
void per_channel(std::string_view operation, const Tensor& x, const Weight& weight);

// Attention. The result has the query's axes.
void attention(const Tensor& query, const Tensor& key, const Tensor& value);
void relative_attention(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& position,
                        const Weight& u, const Weight& v);
void cached_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                      std::span<Cache* const> caches, std::int64_t layer);
void rotary(const Tensor& x, std::int64_t frequencies, std::int64_t starts);

// Two operands. `repeated` lets y lack axes of x; `combine` wants equal axes.
void repeated(std::string_view operation, const Tensor& x, const Tensor& y);
void combine(const Tensor& x, const Tensor& y);
// y seen along x's axes: how far one step along each axis of x goes in y, 0 where y repeats. Precondition:
// `repeated` was content and the sizes are numbers.
std::array<std::int64_t, Shape::most_axes> strides_along(const Shape& x, const Shape& y);

// An axis that disappears, of at least `fewest` indices; and one whose segments are replaced by their means.
Shape pooled(std::string_view operation, const Tensor& x, Name axis, std::int64_t fewest);
Shape segment_mean(const Tensor& x, Name axis, std::int64_t length);

// Moving numbers about.
Shape concat(std::span<const Tensor> parts, Name axis);
Shape slice(const Tensor& x, Name axis, const Size& first, const Size& count);
Shape select(const Tensor& x, Name axis, const Size& index);
Shape pad(const Tensor& x, Name axis, std::int64_t left, std::int64_t right, Padding padding);
Shape repeat(const Tensor& x, Name axis, std::int64_t times);
Shape spread(const Tensor& x, const Axis& axis, Name before);
Shape reorder(const Tensor& x, std::span<const Name> axes);
Shape rename(const Tensor& x, Name from, Name to);
Shape split(const Tensor& x, Name axis, const Axis& outer, const Axis& inner);
Shape merge(const Tensor& x, Name outer, Name inner, const Axis& axis);
// Where the axis stands in x; refuses when x has none, or two, of this name.
std::size_t place_of(std::string_view operation, const Tensor& x, Name axis);

// Spectra and phases.
Shape stft(const Tensor& x, const Spectrum& spectrum);
Shape istft(const Tensor& magnitude, const Tensor& phase, const Spectrum& spectrum);
Shape phases(const Tensor& f0, std::int64_t harmonics);

}  // namespace nightingale::rules

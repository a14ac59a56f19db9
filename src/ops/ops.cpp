// The front of every operation that computes: its rule, a tensor for the result, then the substrate's
// arithmetic. A content front builds no text and allocates nothing but the result.
#include "ops/ops.hpp"

#include <algorithm>
#include <limits>

#include "ops/refusal.hpp"
#include "ops/rules.hpp"

namespace nightingale {

namespace {

std::string_view name_of_type(Type type) {
  return type == Type::i32 ? "whole numbers" : type == Type::f64 ? "doubles" : "floats";
}

// Arithmetic on ids, or on numbers of another substrate, is a slip that no axis shows.
void require_type(std::string_view operation, const Tensor& x, Type type) {
  if (x.type() == type) return;
  rules::refuse(
      {operation},
      {"an operand holds " + std::string(name_of_type(x.type())) + ", not " + std::string(name_of_type(type)),
       "ids go through embedding; numbers of another substrate through read and write"},
      {rules::side({"the operand", x})});
}

// Ids are values, so no rule of axes can judge them; unchecked they would read outside the table.
void require_entries(const Tensor& ids, const Weight& table) {
  const std::int64_t entries = table.shape()[0].size.resolved().number();
  const auto numbers = ids.numbers<const std::int32_t>();
  const auto outside = [&](std::int32_t id) { return id < 0 || id >= entries; };
  const auto found = std::find_if(numbers.begin(), numbers.end(), outside);
  if (found == numbers.end()) return;
  throw Failure(Error{ErrorCode::model_mismatch,
                      "embedding " + table.path() + ": id " + std::to_string(*found) + " at place " +
                          std::to_string(found - numbers.begin()) + " is not one of the table's " +
                          std::to_string(entries) + " entries",
                      {rules::side({"ids", ids}), rules::side(table)},
                      "the tokenizer or voice belongs to a model with another vocabulary"});
}

// The same numbers, their innermost axis cut into heads.
std::vector<Tensor> in_heads(std::span<const Tensor> whole, const SelfAttention& how) {
  std::vector<Tensor> heads;
  for (const Tensor& x : whole) {
    const Name innermost = x.shape()[x.shape().rank() - 1].name;
    heads.push_back(x.viewed(rules::split(x, innermost, how.head, how.width)));
  }
  return heads;
}

}  // namespace

Tensor Ops::embedding(const Tensor& ids, const Weight& table) {
  const Span span(*this, "embedding", table.path());
  Tensor out = allocate(rules::embedding(ids, table), real_);
  if (ids.has_numbers()) require_entries(ids, table);
  do_embedding(ids, table, out);
  return out;
}

Tensor Ops::linear(const Tensor& x, const Weight& weight, const Weight& bias, const Fused& fused) {
  const Span span(*this, "linear", weight.path());
  require_type("linear", x, real_);
  Tensor out = allocate(rules::linear(x, weight, bias, fused), real_);
  do_linear(x, weight, bias, fused, out);
  return out;
}

std::vector<Tensor> Ops::linears(const Tensor& x, std::span<const Projection> projections) {
  const Span span(*this, "linears", projections.empty() ? "" : projections.front().weight.path());
  require_type("linears", x, real_);
  std::vector<Tensor> outs;
  for (const Projection& p : projections) {
    outs.push_back(allocate(rules::linear(x, p.weight, p.bias, p.fused), real_));
  }
  do_linears(x, projections, outs);
  return outs;
}

void Ops::do_linears(const Tensor& x, std::span<const Projection> projections, std::span<Tensor> outs) {
  for (std::size_t i = 0; i < outs.size(); ++i) {
    do_linear(x, projections[i].weight, projections[i].bias, projections[i].fused, outs[i]);
  }
}

Tensor Ops::feed_forward(const Tensor& x, const Projection& widen, const Projection& narrow) {
  const Span span(*this, "feed_forward", widen.weight.path());
  require_type("feed_forward", x, real_);
  Tensor between = allocate(rules::linear(x, widen.weight, widen.bias, widen.fused), real_);
  Tensor out = allocate(rules::linear(between, narrow.weight, narrow.bias, narrow.fused), real_);
  do_feed_forward(x, widen, narrow, between, out);
  return out;
}

void Ops::do_feed_forward(const Tensor& x, const Projection& widen, const Projection& narrow, Tensor& between,
                          Tensor& out) {
  do_linear(x, widen.weight, widen.bias, widen.fused, between);
  do_linear(between, narrow.weight, narrow.bias, narrow.fused, out);
}

Tensor Ops::conv1d(const Tensor& x, const Weight& weight, const Weight& bias, const Convolution& geometry,
                   const Fused& fused) {
  const Span span(*this, "conv1d", weight.path());
  require_type("conv1d", x, real_);
  Tensor out = allocate(rules::conv1d(x, weight, bias, geometry, fused), real_);
  do_conv1d(x, weight, bias, geometry, fused, out);
  return out;
}

Tensor Ops::conv_transpose1d(const Tensor& x, const Weight& weight, const Weight& bias,
                             const TransposedConvolution& geometry) {
  const Span span(*this, "conv_transpose1d", weight.path());
  require_type("conv_transpose1d", x, real_);
  Tensor out = allocate(rules::conv_transpose1d(x, weight, bias, geometry), real_);
  do_conv_transpose1d(x, weight, bias, geometry, out);
  return out;
}

Tensor Ops::conv2d(const Tensor& x, const Weight& weight, const PlaneConvolution& geometry) {
  const Span span(*this, "conv2d", weight.path());
  require_type("conv2d", x, real_);
  Tensor out = allocate(rules::conv2d(x, weight, geometry), real_);
  do_conv2d(x, weight, geometry, out);
  return out;
}

Tensor Ops::depthwise_conv1d(const Tensor& x, const Weight& weight, const Convolution& geometry,
                             const Fused& fused) {
  const Span span(*this, "depthwise_conv1d", weight.path());
  require_type("depthwise_conv1d", x, real_);
  Tensor out = allocate(rules::depthwise_conv1d(x, weight, geometry, fused), real_);
  do_depthwise_conv1d(x, weight, geometry, fused, out);
  return out;
}

Tensor Ops::lstm(const Tensor& x, const LstmWeights& weights) {
  const Span span(*this, "lstm");
  require_type("lstm", x, real_);
  Tensor out = allocate(rules::lstm(x, weights), real_);
  do_lstm(x, weights, out);
  return out;
}

Tensor Ops::layer_norm(const Tensor& x, const Weight& scale, const Weight& shift, float eps,
                       Activation then) {
  const Span span(*this, "layer_norm", scale ? scale.path() : "");
  require_type("layer_norm", x, real_);
  rules::per_channel("layer_norm", x, scale);
  rules::per_channel("layer_norm", x, shift);
  Tensor out = allocate(x.shape(), real_);
  do_layer_norm(x, scale, shift, eps, then, out);
  return out;
}

Tensor Ops::rms_norm(const Tensor& x, const Weight& scale, float eps) {
  const Span span(*this, "rms_norm", scale.path());
  require_type("rms_norm", x, real_);
  rules::per_channel("rms_norm", x, scale);
  Tensor out = allocate(x.shape(), real_);
  do_rms_norm(x, scale, eps, out);
  return out;
}

Tensor Ops::affine(const Tensor& x, const Weight& scale, const Weight& shift, Activation then) {
  const Span span(*this, "affine", scale.path());
  require_type("affine", x, real_);
  rules::per_channel("affine", x, scale);
  rules::per_channel("affine", x, shift);
  Tensor out = allocate(x.shape(), real_);
  do_affine(x, scale, shift, then, out);
  return out;
}

Tensor Ops::normalise(const Tensor& x, float eps) {
  const Span span(*this, "normalise");
  require_type("normalise", x, real_);
  rules::per_channel("normalise", x, {});
  Tensor out = allocate(x.shape(), real_);
  do_normalise(x, eps, out);
  return out;
}

Tensor Ops::attention(const Tensor& query, const Tensor& key, const Tensor& value, float scale) {
  const Span span(*this, "attention");
  require_type("attention", query, real_);
  rules::attention(query, key, value);
  Tensor out = allocate(query.shape(), real_);
  do_attention(query, key, value, scale, out);
  return out;
}

Tensor Ops::self_attention(const Tensor& x, const SelfAttention& how) {
  const Span span(*this, "self_attention", how.projections.front().weight.path());
  require_type("self_attention", x, real_);
  std::vector<Tensor> between;
  for (const Projection& p : how.projections) {
    between.push_back(allocate(rules::linear(x, p.weight, p.bias, p.fused), real_));
  }
  const std::vector<Tensor> heads = in_heads(between, how);
  rules::attention(heads[0], heads[1], heads[2]);
  Tensor out = allocate(between[0].shape(), real_);
  do_self_attention(x, how, between, out);
  return out;
}

void Ops::do_self_attention(const Tensor& x, const SelfAttention& how, std::span<Tensor> between,
                            Tensor& out) {
  do_linears(x, how.projections, between);
  const std::vector<Tensor> heads = in_heads(between, how);
  Tensor seen = in_heads({&out, 1}, how).front();
  do_attention(heads[0], heads[1], heads[2], how.scale, seen);
}

Tensor Ops::relative_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                               const Tensor& position, const Weight& u, const Weight& v, float scale) {
  const Span span(*this, "relative_attention");
  require_type("relative_attention", query, real_);
  rules::relative_attention(query, key, value, position, u, v);
  Tensor out = allocate(query.shape(), real_);
  do_relative_attention(query, key, value, position, u, v, scale, out);
  return out;
}

Tensor Ops::cached_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                             std::span<Cache* const> caches, std::int64_t layer, float scale) {
  const Span span(*this, "cached_attention");
  require_type("cached_attention", query, real_);
  rules::cached_attention(query, key, value, caches, layer);
  Tensor out = allocate(query.shape(), real_);
  do_cached_attention(query, key, value, caches, layer, scale, out);
  return out;
}

Tensor Ops::rotary(const Tensor& x, std::span<const float> frequencies, std::span<const Size> starts) {
  const Span span(*this, "rotary");
  require_type("rotary", x, real_);
  rules::rotary(x, static_cast<std::int64_t>(frequencies.size()), static_cast<std::int64_t>(starts.size()));
  Tensor out = allocate(x.shape(), real_);
  // Only the proof run, which does not turn anything, starts at a symbol.
  if (out.has_numbers()) do_rotary(x, frequencies, starts, out);
  return out;
}

Tensor Ops::activate(const Tensor& x, Activation activation) {
  const Span span(*this, "activate");
  require_type("activate", x, real_);
  Tensor out = allocate(x.shape(), real_);
  do_activate(x, activation, out);
  return out;
}

Tensor Ops::snake(const Tensor& x, const Weight& alpha) {
  const Span span(*this, "snake", alpha.path());
  require_type("snake", x, real_);
  rules::per_channel("snake", x, alpha);
  Tensor out = allocate(x.shape(), real_);
  do_snake(x, alpha, out);
  return out;
}

Tensor Ops::add(const Tensor& x, const Tensor& y) {
  const Span span(*this, "add");
  require_type("add", x, real_);
  require_type("add", y, real_);
  rules::repeated("add", x, y);
  Tensor out = allocate(x.shape(), real_);
  if (!out.has_numbers()) return out;
  const auto strides = rules::strides_along(x.shape(), y.shape());
  do_add(x, y, std::span(strides).first(x.shape().rank()), out);
  return out;
}

Tensor Ops::multiply(const Tensor& x, const Tensor& y) {
  const Span span(*this, "multiply");
  require_type("multiply", x, real_);
  require_type("multiply", y, real_);
  rules::repeated("multiply", x, y);
  Tensor out = allocate(x.shape(), real_);
  if (!out.has_numbers()) return out;
  const auto strides = rules::strides_along(x.shape(), y.shape());
  do_multiply(x, y, std::span(strides).first(x.shape().rank()), out);
  return out;
}

Tensor Ops::combine(float factor, const Tensor& x, float other, const Tensor& y) {
  const Span span(*this, "combine");
  require_type("combine", x, real_);
  require_type("combine", y, real_);
  rules::combine(x, y);
  Tensor out = allocate(x.shape(), real_);
  do_combine(factor, x, other, y, out);
  return out;
}

Tensor Ops::scale(const Tensor& x, float factor, float offset) {
  const Span span(*this, "scale");
  require_type("scale", x, real_);
  Tensor out = allocate(x.shape(), real_);
  do_scale(x, factor, offset, out);
  return out;
}

Tensor Ops::mean(const Tensor& x, Name axis) {
  const Span span(*this, "mean");
  require_type("mean", x, real_);
  Tensor out = allocate(rules::pooled("mean", x, axis, 1), real_);
  do_mean(x, rules::place_of("mean", x, axis), out);
  return out;
}

Tensor Ops::deviation(const Tensor& x, Name axis) {
  const Span span(*this, "deviation");
  require_type("deviation", x, real_);
  Tensor out = allocate(rules::pooled("deviation", x, axis, 2), real_);
  do_deviation(x, rules::place_of("deviation", x, axis), out);
  return out;
}

Tensor Ops::segment_mean(const Tensor& x, Name axis, std::int64_t length) {
  const Span span(*this, "segment_mean");
  require_type("segment_mean", x, real_);
  Tensor out = allocate(rules::segment_mean(x, axis, length), real_);
  do_segment_mean(x, rules::place_of("segment_mean", x, axis), length, out);
  return out;
}

Tensor Ops::stft(const Tensor& x, const Spectrum& spectrum) {
  const Span span(*this, "stft");
  require_type("stft", x, real_);
  Tensor out = allocate(rules::stft(x, spectrum), real_);
  do_stft(x, spectrum, out);
  return out;
}

Tensor Ops::istft(const Tensor& magnitude, const Tensor& phase, const Spectrum& spectrum) {
  const Span span(*this, "istft");
  require_type("istft", magnitude, real_);
  require_type("istft", phase, real_);
  Tensor out = allocate(rules::istft(magnitude, phase, spectrum), real_);
  do_istft(magnitude, phase, spectrum, out);
  return out;
}

Tensor Ops::phases(const Tensor& f0, std::int64_t harmonics, float sample_rate) {
  const Span span(*this, "phases");
  require_type("phases", f0, real_);
  Tensor out = allocate(rules::phases(f0, harmonics), real_);
  do_phases(f0, harmonics, sample_rate, out);
  return out;
}

}  // namespace nightingale

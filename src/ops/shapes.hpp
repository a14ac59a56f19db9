// The substrate without arithmetic: a network's own `forward` run through it is the proof that its joins,
// convolution lengths and concatenations fit, for every value of the lengths that are left as symbols.
//
// Tensors have axes and no numbers. All judgement is in the rules that every substrate shares, so there is
// nothing here that could differ from a real run.
#pragma once

#include "ops/ops.hpp"

namespace nightingale {

class Shapes : public Ops {
 public:
  Shapes()
      : Ops(Type::f32) {}
  std::string_view name() const override { return "shapes"; }
  std::unique_ptr<Cache> make_cache(const CacheSizes& sizes) override;

 protected:
  Tensor allocate(const Shape& shape, Type type) override;

 private:
  void do_embedding(const Tensor&, const Weight&, Tensor&) override {}
  void do_linear(const Tensor&, const Weight&, const Weight&, const Fused&, Tensor&) override {}
  void do_conv1d(const Tensor&, const Weight&, const Weight&, const Convolution&, const Fused&,
                 Tensor&) override {}
  void do_conv_transpose1d(const Tensor&, const Weight&, const Weight&, const TransposedConvolution&,
                           Tensor&) override {}
  void do_conv2d(const Tensor&, const Weight&, const PlaneConvolution&, Tensor&) override {}
  void do_depthwise_conv1d(const Tensor&, const Weight&, const Convolution&, const Fused&, Tensor&) override {
  }
  void do_lstm(const Tensor&, const LstmWeights&, Tensor&) override {}
  void do_layer_norm(const Tensor&, const Weight&, const Weight&, float, Activation, Tensor&) override {}
  void do_rms_norm(const Tensor&, const Weight&, float, Tensor&) override {}
  void do_affine(const Tensor&, const Weight&, const Weight&, Activation, Tensor&) override {}
  void do_normalise(const Tensor&, float, Tensor&) override {}
  void do_attention(const Tensor&, const Tensor&, const Tensor&, float, Tensor&) override {}
  void do_relative_attention(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Weight&,
                             const Weight&, float, Tensor&) override {}
  void do_cached_attention(const Tensor&, const Tensor&, const Tensor&, std::span<Cache* const>, std::int64_t,
                           float, Tensor&) override {}
  void do_rotary(const Tensor&, std::span<const float>, std::span<const Size>, Tensor&) override {}
  void do_activate(const Tensor&, Activation, Tensor&) override {}
  void do_snake(const Tensor&, const Weight&, Tensor&) override {}
  void do_add(const Tensor&, const Tensor&, std::span<const std::int64_t>, Tensor&) override {}
  void do_multiply(const Tensor&, const Tensor&, std::span<const std::int64_t>, Tensor&) override {}
  void do_combine(float, const Tensor&, float, const Tensor&, Tensor&) override {}
  void do_scale(const Tensor&, float, float, Tensor&) override {}
  void do_mean(const Tensor&, std::size_t, Tensor&) override {}
  void do_deviation(const Tensor&, std::size_t, Tensor&) override {}
  void do_segment_mean(const Tensor&, std::size_t, std::int64_t, Tensor&) override {}
  void do_stft(const Tensor&, const Spectrum&, Tensor&) override {}
  void do_istft(const Tensor&, const Tensor&, const Spectrum&, Tensor&) override {}
  void do_phases(const Tensor&, std::int64_t, float, Tensor&) override {}
};

}  // namespace nightingale

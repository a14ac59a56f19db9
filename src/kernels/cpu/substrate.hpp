// The class behind make_cpu: one member a kernel, each in a file of its own name.
#pragma once

#include <atomic>

#include "kernels/cpu/cpu.hpp"

namespace nightingale {

class Cpu final : public Ops {
 public:
  Cpu(int threads, Precision attention)
      : Ops(Type::f32),
        threads_(threads),
        attention_(attention) {}

  std::string_view name() const override { return "cpu"; }
  void prepare(Weight& weight) override;
  void in_turns(std::size_t count, const std::function<void(std::size_t)>& task) override;
  std::unique_ptr<Cache> make_cache(const CacheSizes& sizes) override;

 private:
  void do_embedding(const Tensor& ids, const Weight& table, Tensor& out) override;
  void do_linear(const Tensor& x, const Weight& weight, const Weight& bias, const Fused& fused,
                 Tensor& out) override;
  void do_linears(const Tensor& x, std::span<const Projection> projections, std::span<Tensor> outs) override;
  void do_feed_forward(const Tensor& x, const Projection& widen, const Projection& narrow, Tensor& between,
                       Tensor& out) override;
  void do_conv1d(const Tensor& x, const Weight& weight, const Weight& bias, const Convolution& shape,
                 const Fused& fused, Tensor& out) override;
  void do_conv_transpose1d(const Tensor& x, const Weight& weight, const Weight& bias,
                           const TransposedConvolution& shape, Tensor& out) override;
  void do_conv2d(const Tensor& x, const Weight& weight, const PlaneConvolution& shape, Tensor& out) override;
  void do_depthwise_conv1d(const Tensor& x, const Weight& weight, const Convolution& shape,
                           const Fused& fused, Tensor& out) override;
  void do_lstm(const Tensor& x, const LstmWeights& weights, Tensor& out) override;
  void do_layer_norm(const Tensor& x, const Weight& scale, const Weight& shift, float eps, Activation then,
                     Tensor& out) override;
  void do_rms_norm(const Tensor& x, const Weight& scale, float eps, Tensor& out) override;
  void do_affine(const Tensor& x, const Weight& scale, const Weight& shift, Activation then,
                 Tensor& out) override;
  void do_normalise(const Tensor& x, float eps, Tensor& out) override;
  void do_attention(const Tensor& query, const Tensor& key, const Tensor& value, float scale,
                    Tensor& out) override;
  void do_self_attention(const Tensor& x, const SelfAttention& how, std::span<Tensor> between,
                         Tensor& out) override;
  void do_relative_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                             const Tensor& position, const Weight& u, const Weight& v, float scale,
                             Tensor& out) override;
  void do_cached_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                           std::span<Cache* const> caches, std::int64_t layer, float scale,
                           Tensor& out) override;
  void do_rotary(const Tensor& x, std::span<const float> frequencies, std::span<const Size> starts,
                 Tensor& out) override;
  void do_activate(const Tensor& x, Activation activation, Tensor& out) override;
  void do_snake(const Tensor& x, const Weight& alpha, Tensor& out) override;
  void do_add(const Tensor& x, const Tensor& y, std::span<const std::int64_t> strides, Tensor& out) override;
  void do_multiply(const Tensor& x, const Tensor& y, std::span<const std::int64_t> strides,
                   Tensor& out) override;
  void do_combine(float factor, const Tensor& x, float other, const Tensor& y, Tensor& out) override;
  void do_scale(const Tensor& x, float factor, float offset, Tensor& out) override;
  void do_mean(const Tensor& x, std::size_t axis, Tensor& out) override;
  void do_deviation(const Tensor& x, std::size_t axis, Tensor& out) override;
  void do_segment_mean(const Tensor& x, std::size_t axis, std::int64_t length, Tensor& out) override;
  void do_stft(const Tensor& x, const Spectrum& spectrum, Tensor& out) override;
  void do_istft(const Tensor& magnitude, const Tensor& phase, const Spectrum& spectrum, Tensor& out) override;
  void do_phases(const Tensor& f0, std::int64_t harmonics, float sample_rate, Tensor& out) override;

  // Scratch for one call, given back when the last copy is gone.
  std::shared_ptr<std::byte> scratch(std::int64_t numbers) {
    return pool()->take(static_cast<std::size_t>(numbers) * sizeof(float));
  }

  int threads_;
  Precision attention_;
  std::atomic<bool> narrow_cache_ = false;  // once a decoder's matrix was prepared in few bits
};

}  // namespace nightingale

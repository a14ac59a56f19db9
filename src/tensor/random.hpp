// PyTorch's random numbers on the CPU, so that a seed means the same here as in upstream's Python.
//
//   bits         MT19937, init_genrand(seed mod 2^32), outputs r0, r1, …
//   uniform      x = (r mod 2^24) / 2^24                                             (torch.rand, float32)
//   normal       Box-Muller over blocks of 16 uniforms, 8 pairs (i, i+8); fewer than 16 values take a second,
//   double
//                path that keeps every other value for the next call                 (torch.randn, float32)
//   exponential  −log1p(−u), u = ((r0·2^32 + r1) mod 2^53) / 2^53                     (Tensor.exponential_)
//   multinomial  argmax p / q, q exponential                                          (torch.multinomial, one
//   sample)
//
// Found by experiment on torch 2.13. Integers, uniforms, and choices are equal to the bit; normals differ in
// the last places because PyTorch's vectorised logarithm and sine round differently.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace nightingale {

// One stream of draws. Not thread-safe: an owner draws in the order that upstream draws.
class Random {
 public:
  explicit Random(std::uint64_t seed);

  // The raw outputs of the generator: one, or two as (first << 32 | second).
  std::uint32_t bits();
  std::uint64_t wide_bits();

  // torch.rand: [0, 1).
  void uniform(std::span<float> out);
  // Tensor.uniform_(low, high): low + x·(high − low), [low, high).
  void uniform(std::span<float> out, float low, float high);

  // torch.randn, and the same consumption of the stream without the arithmetic: for a draw whose values
  // nobody uses.
  void normal(std::span<float> out);
  void skip_normal(std::size_t count);

  // Tensor.exponential_(1).
  void exponential(std::span<float> out);

  // torch.multinomial(weights, 1): the index drawn. Weights are at least 0 and not all 0; they need not sum
  // to 1.
  std::size_t multinomial(std::span<const float> weights);

  // Passes over outputs of `bits`.
  void skip(std::size_t count);

 private:
  static constexpr std::size_t words = 624;  // of MT19937's state

  void twist();
  float next_uniform();
  double next_wide_uniform();
  float next_exponential();
  float next_scalar_normal();

  std::array<std::uint32_t, words> state_;
  std::array<std::uint32_t, words> output_;  // the state after tempering
  std::size_t used_ = words;                 // outputs already handed out
  double kept_normal_ = 0;                   // second value of the scalar path's last pair
  bool has_kept_normal_ = false;
};

}  // namespace nightingale

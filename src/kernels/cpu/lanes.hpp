// Registers of floats by width: AVX-512, AVX2, and the 128 bits that every machine has.
//
// A register wider than the machine's is correct but lives in memory, ten times slower: each width is used
// only at its own level (multiversion.hpp), and only in local variables, as passing one depends on the level
// too.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/cpu/multiversion.hpp"

namespace nightingale::cpu {

// By width, as a template argument would drop a type's attributes: that it may lie anywhere, over any floats.
template <int width>
struct Registers;

template <>
struct Registers<16> {
  typedef float Type __attribute__((vector_size(16 * sizeof(float)), aligned(sizeof(float)), may_alias));
};
template <>
struct Registers<8> {
  typedef float Type __attribute__((vector_size(8 * sizeof(float)), aligned(sizeof(float)), may_alias));
};
template <>
struct Registers<4> {
  typedef float Type __attribute__((vector_size(4 * sizeof(float)), aligned(sizeof(float)), may_alias));
};

template <int width>
using Register = typename Registers<width>::Type;

// As many bfloat16, and the same widened: each is the upper half of a float.
template <int width>
struct Halves;

template <>
struct Halves<16> {
  typedef std::uint16_t Type __attribute__((vector_size(32), aligned(2), may_alias));
  typedef std::uint32_t Wide __attribute__((vector_size(64)));
};
template <>
struct Halves<8> {
  typedef std::uint16_t Type __attribute__((vector_size(16), aligned(2), may_alias));
  typedef std::uint32_t Wide __attribute__((vector_size(32)));
};
template <>
struct Halves<4> {
  typedef std::uint16_t Type __attribute__((vector_size(8), aligned(2), may_alias));
  typedef std::uint32_t Wide __attribute__((vector_size(16)));
};

// A register of floats from floats or bfloat16. It is handed out by reference, as passing one depends on the
// level.
template <int width>
NIGHTINGALE_INLINE void load(const float* from, Register<width>& to) {
  to = *reinterpret_cast<const Register<width>*>(from);
}
template <int width>
NIGHTINGALE_INLINE void load(const std::uint16_t* from, Register<width>& to) {
  constexpr int dropped = 16;  // bits of a float that a bfloat16 lacks
  const auto halves = *reinterpret_cast<const typename Halves<width>::Type*>(from);
  const auto wide = __builtin_convertvector(halves, typename Halves<width>::Wide) << dropped;
  std::memcpy(&to, &wide, sizeof to);
}

}  // namespace nightingale::cpu

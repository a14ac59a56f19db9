// Registers of floats by width: AVX-512, AVX2, and the 128 bits that every machine has.
//
// A register wider than the machine's is correct but lives in memory, ten times slower: each width is used
// only at its own level (multiversion.hpp), and only in local variables, as passing one depends on the level
// too.
#pragma once

#include <cstdint>

#include "base/multiversion.hpp"

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

}  // namespace nightingale::cpu

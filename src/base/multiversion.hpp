// How loops meet the instruction sets: each is a plain function over plain arrays, compiled for several sets
// at once; the loader picks one for the machine it runs on.
//
// What is odd: the body of a lambda is a function of its own that does not inherit the versions.
// A multiversioned function is therefore always serial, and parallel.hpp calls it from inside the lambda.
// Small functions that it uses must be inlined, or they stay at the baseline set; gcc 12 inlines them into
// the levels of the x86-64 psABI (v3: AVX2, v4: AVX-512) but not into "arch=haswell", which also changes
// tuning.
#pragma once

// Sanitized programs start before their runtime can serve the loader's resolvers.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(NIGHTINGALE_SANITIZED)
#define NIGHTINGALE_MULTIVERSION __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define NIGHTINGALE_MULTIVERSION
#endif

#define NIGHTINGALE_INLINE inline __attribute__((always_inline))

// The few kernels that hold whole registers in their hands are written for each width of register instead,
// and pick one by level().
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define NIGHTINGALE_AVX512 __attribute__((target("arch=x86-64-v4")))
#define NIGHTINGALE_AVX2 __attribute__((target("arch=x86-64-v3")))
#else
#define NIGHTINGALE_AVX512
#define NIGHTINGALE_AVX2
#endif

namespace nightingale::cpu {

enum class Level { baseline, avx2, avx512 };

inline Level level() {
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
  if (__builtin_cpu_supports("x86-64-v4")) return Level::avx512;
  if (__builtin_cpu_supports("x86-64-v3")) return Level::avx2;
#endif
  return Level::baseline;
}

// Of three versions of a function, this machine's.
template <typename Function>
Function* of_level(Function* avx512, Function* avx2, Function* baseline) {
  return level() == Level::avx512 ? avx512 : level() == Level::avx2 ? avx2 : baseline;
}

}  // namespace nightingale::cpu

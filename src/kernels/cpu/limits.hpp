// What the machine can do at most, measured beside what we do: multiply-adds from registers, in the types
// that a processor may have instructions for, and reading memory.
#pragma once

#include <cstdint>
#include <span>

namespace nightingale::cpu {

// Runs the multipliers of `threads` cores for a few milliseconds; returns the operations done, two a
// multiply-add, or 0 where the processor has no such instruction (or this compiler cannot name it).
double multiply_add_f32(int threads);
double multiply_add_bf16(int threads);
double multiply_add_int8(int threads);

// Reads all numbers once; returns a sum so that nothing is left out.
float read_all(int threads, std::span<const float> numbers);

}  // namespace nightingale::cpu

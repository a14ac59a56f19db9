// What the machine can do at most, measured beside what we do: multiply-adds from registers, and reading
// memory.
#pragma once

#include <cstdint>
#include <span>

namespace nightingale::bench {

// Runs the floating-point units of `threads` cores for a few milliseconds; returns the operations done.
double multiply_add(int threads);

// Reads all numbers once; returns a sum so that nothing is left out.
float read_all(int threads, std::span<const float> numbers);

}  // namespace nightingale::bench

// In how many bits the numbers of a network's matrices are kept and multiplied.
#pragma once

namespace nightingale {

enum class Precision {
  f32,   // as the files have them
  int8,  // groups of 64 numbers share a scale
  int4,  // groups of 32 share a scale and a minimum
};

struct Precisions {
  // T3's layers, which are read once for every token. Its last, which decides between tokens, has int8 at
  // least.
  Precision t3 = Precision::f32;
  // The flow's matrices, and the inner convolutions of its decoder: f32 or int8. Their sums are of bytes too,
  // so that it pays where the processor multiplies bytes faster than floats; elsewhere f32 stays.
  Precision flow = Precision::f32;
};

}  // namespace nightingale

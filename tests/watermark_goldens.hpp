// What upstream's watermark made of a small sound: tests/goldens/watermark, made by
// tools/make_watermark_goldens.py.
#pragma once

#include <string>
#include <vector>

#include "checkpoint/open_tensor_file.hpp"
#include "close.hpp"
#include "goldens.hpp"

namespace nightingale::test {

// tests/goldens/watermark/provenance.json: upstream computes in float32.
inline constexpr double watermark_tolerance = 1e-5;

inline std::string small_watermark() {
  return golden("watermark/perth.safetensors");
}

inline std::vector<float> watermark_reference(const std::string& name) {
  static const TensorFile file = open_tensor_file(golden("watermark/reference.safetensors"));
  const StoredTensor* stored = file.find(name);
  REQUIRE_MESSAGE(stored != nullptr, name << " is not among the watermark's goldens");
  return to_float(*stored);
}

}  // namespace nightingale::test

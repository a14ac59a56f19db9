// A weight: the numbers of one tensor of a checkpoint under the axes that the network declared for it.
//
// Layers hold weights and hand them to operations; they never see the numbers. A substrate may keep its own
// form of a weight (packed, reordered) in `prepared`; it is made once, when the model is loaded.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "tensor/axes.hpp"
#include "tensor/quantized.hpp"

namespace nightingale {

// What a weight is for, so that a substrate can choose a form for it.
enum class Use {
  vector,                  // bias, norm, slope: read as it is
  table,                   // rows looked up by number
  matmul,                  // [out, in]
  convolution,             // [out, in, tap], of every row
  strided_convolution,     // [out, in, tap], of every n-th row
  transposed_convolution,  // [in, out, tap]
  plane_convolution,       // [out, in, column tap, row tap]
  depthwise_convolution,   // [channel, 1, tap]
};

struct WeightRecord {
  std::string path;  // the name in the file: "flow.encoder_proj.weight"
  Shape shape;       // the declared axes; their symbols are known once the checkpoint has been judged
  Use use = Use::vector;
  Precision precision = Precision::f32;   // in which a substrate is to keep it
  bool decodes = false;                   // is read again for every token: it pays to be small
  std::span<const float> values;          // C order; empty when only a manifest was loaded
  std::optional<QuantizedView> few_bits;  // where few bits lie, of a file or rounded; then `values` are empty
  std::shared_ptr<const void> owner;      // keeps `values` alive: the mapped file, or a converted copy
  std::shared_ptr<const void> prepared;   // the substrate's own form, or null
};

// A handle; an empty one stands for "this layer has no bias".
class Weight {
 public:
  Weight() = default;
  explicit Weight(std::shared_ptr<WeightRecord> record)
      : record_(std::move(record)) {}

  explicit operator bool() const { return record_ != nullptr; }
  const WeightRecord& operator*() const { return *record_; }
  const WeightRecord* operator->() const { return record_.get(); }
  WeightRecord& record() const { return *record_; }

  const std::string& path() const { return record_->path; }
  const Shape& shape() const { return record_->shape; }
  const float* values() const { return record_->values.data(); }
  // What a product reads of it, in bytes.
  std::int64_t bytes() const {
    return record_->few_bits ? record_->few_bits->bytes()
                             : static_cast<std::int64_t>(record_->values.size() * sizeof(float));
  }

 private:
  std::shared_ptr<WeightRecord> record_;
};

}  // namespace nightingale

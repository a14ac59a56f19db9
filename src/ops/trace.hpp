// The one hook into a running network: goldens, `verify`, timings and debugging all listen here. Null by
// default.
#pragma once

#include <string_view>

namespace nightingale {

class Tensor;

class Trace {
 public:
  virtual ~Trace() = default;
  // A stage of a network or, within it, an operation; `of` is the weight of one that has one.
  virtual void enter(std::string_view /*what*/, std::string_view /*of*/) {}
  virtual void leave(std::string_view /*what*/) {}
  // A named value on its way from one layer to the next: "flow.encoder.out".
  virtual void tensor(std::string_view /*path*/, const Tensor& /*value*/) {}
};

}  // namespace nightingale

#include "layers/conv1d.hpp"

namespace nightingale {

namespace {

Weight bind(const Binder& at, const Conv1dOptions& options) {
  const Axis tap{"tap", options.taps};
  const Use use = options.stride == 1 ? Use::convolution : Use::strided_convolution;
  if (options.stored == Stored::weight_norm) {
    return at.weight_norm({options.out, options.in, tap}, use);
  }
  return at.tensor("weight", {options.out, options.in, tap}, use);
}

}  // namespace

Conv1d::Conv1d(Binder at, const Conv1dOptions& options)
    : weight(bind(at, options)),
      bias(options.bias == Bias::yes ? at.tensor("bias", {options.out}) : Weight{}),
      geometry{.stride = options.stride,
               .dilation = options.dilation,
               .pad_left = options.pad_left,
               .pad_right = options.pad_right} {}

ConvTranspose1d::ConvTranspose1d(Binder at, const ConvTranspose1dOptions& options)
    : weight(at.weight_norm({options.in, options.out, {"tap", options.taps}}, Use::transposed_convolution)),
      bias(at.tensor("bias", {options.out})),
      geometry{.stride = options.stride, .trim = options.trim} {}

}  // namespace nightingale

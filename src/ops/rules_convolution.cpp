// The rules of convolutions: channels innermost, and as many rows as the geometry leaves.
#include "ops/rules.hpp"
#include "ops/rules_common.hpp"

namespace nightingale::rules {

namespace {

// How many taps, as a number: a convolution's length cannot be told without it.
std::int64_t taps_of(const Operation& operation, const Weight& weight, std::size_t axis = 2) {
  const Size taps = weight.shape()[axis].size.resolved();
  if (taps.is_number() && taps.number() > 0) return taps.number();
  refuse(operation,
         {"the number of taps is not known: " + quoted(weight.shape()[axis]),
          "bind the weight to a checkpoint, or declare the size of its tap axis"},
         {side(weight)});
}

void require_rows(const Operation& operation, const Tensor& x, const Weight& weight) {
  require_rank(operation, weight, 3, operation.name == "conv1d" ? "[out, in, tap]" : "[in, out, tap]");
  const Axis& in = weight.shape()[operation.name == "conv1d" ? 1 : 0];
  require_innermost(operation, {"x", x}, in, "the weight");
  require_layout(operation, {"x", x}, 3, "[batch, row, " + std::string(in.name.text()) + "]");
}

std::string written(std::int64_t number) {
  return (number < 0 ? " − " : " + ") + std::to_string(number < 0 ? -number : number);
}

// (row + padding − dilation·(taps − 1) − 1)/stride + 1, in whole numbers for every length.
Size convolved(const Operation& operation, const Tensor& x, std::size_t axis, std::int64_t taps,
               const Convolution& geometry) {
  const Axis& row = x.shape()[axis];
  const std::int64_t reach = geometry.dilation * (taps - 1) + 1;
  const std::int64_t padding = geometry.pad_left + geometry.pad_right;
  if (geometry.stride < 1 || geometry.dilation < 1 || geometry.pad_left < 0 || geometry.pad_right < 0) {
    refuse(operation,
           {"stride and dilation must be at least 1 and padding at least 0",
            "correct the convolution's geometry"},
           {side({"x", x})});
  }
  if (operation.weight && (*operation.weight)->use == Use::convolution && geometry.stride > 1) {
    refuse(operation,
           {"the weight was bound for every row, and only one row in " + std::to_string(geometry.stride) +
                " is asked for",
            "bind it as a strided convolution"},
           {side({"x", x}), side(*operation.weight)});
  }
  const Size room = row.size + (padding - reach);
  if (room.is_number() && room.number() < 0) {
    refuse(operation,
           {quoted(row) + " with padding " + std::to_string(geometry.pad_left) + " + " +
                std::to_string(geometry.pad_right) + " is shorter than the reach of " + std::to_string(taps) +
                " taps, " + std::to_string(reach),
            "the input is too short for this convolution, or its padding is forgotten"},
           {side({"x", x}), side(*operation.weight)});
  }
  if (const auto steps = room.divided(geometry.stride)) return *steps + 1;
  refuse(operation,
         {"(" + row.size.text() + written(padding - reach) + ")/" + std::to_string(geometry.stride) +
              " is not a whole number of steps for every length",
          "pad '" + std::string(row.name.text()) + "' so that the stride divides it for every length"},
         {side({"x", x}), side(*operation.weight)});
}

}  // namespace

Shape conv1d(const Tensor& x, const Weight& weight, const Weight& bias, const Convolution& geometry,
             const Fused& fused) {
  const Operation operation{"conv1d", &weight};
  require_rows(operation, x, weight);
  const Axis out = resolved(weight.shape()[0]);
  require_bias(operation, bias, out);
  require_new(operation, x, 2, out);
  const Size rows = convolved(operation, x, 1, taps_of(operation, weight), geometry);
  Shape result{x.shape()[0], {x.shape()[1].name, rows}, out};
  require_added(operation, fused, result);
  return result;
}

Shape conv_transpose1d(const Tensor& x, const Weight& weight, const Weight& bias,
                       const TransposedConvolution& geometry) {
  const Operation operation{"conv_transpose1d", &weight};
  require_rows(operation, x, weight);
  const Axis out = resolved(weight.shape()[1]);
  require_bias(operation, bias, out);
  require_new(operation, x, 2, out);
  const Axis& row = x.shape()[1];
  const std::int64_t taps = taps_of(operation, weight);
  const Size rows = geometry.stride * (row.size - 1) + (taps - 2 * geometry.trim);
  if (geometry.stride < 1 || geometry.trim < 0 || (rows.is_number() && rows.number() < 0)) {
    refuse(
        operation,
        {quoted(row) + " at stride " + std::to_string(geometry.stride) + " with " + std::to_string(taps) +
             " taps leaves nothing after " + std::to_string(geometry.trim) + " rows are cut from both ends",
         "the input is too short, or the geometry is another layer's"},
        {side({"x", x}), side(weight)});
  }
  return {x.shape()[0], {row.name, rows}, out};
}

Shape conv2d(const Tensor& x, const Weight& weight, const PlaneConvolution& geometry) {
  const Operation operation{"conv2d", &weight};
  require_rank(operation, weight, 4, "[out, in, column tap, row tap]");
  const Axis& in = weight.shape()[1];
  require_innermost(operation, {"x", x}, in, "the weight");
  require_layout(operation, {"x", x}, 4, "[batch, row, column, " + std::string(in.name.text()) + "]");
  const Axis out = resolved(weight.shape()[0]);
  require_new(operation, x, 3, out);
  const Size rows = convolved(operation, x, 1, taps_of(operation, weight, 3), geometry.row);
  const Size columns = convolved(operation, x, 2, taps_of(operation, weight, 2), geometry.column);
  return {x.shape()[0], {x.shape()[1].name, rows}, {x.shape()[2].name, columns}, out};
}

Shape depthwise_conv1d(const Tensor& x, const Weight& weight, const Convolution& geometry,
                       const Fused& fused) {
  const Operation operation{"depthwise_conv1d", &weight};
  require_rank(operation, weight, 3, "[channel, 1, tap]");
  const Axis& channel = weight.shape()[0];
  require_innermost(operation, {"x", x}, channel, "the weight");
  require_layout(operation, {"x", x}, 3, "[batch, row, " + std::string(channel.name.text()) + "]");
  if (!same(weight.shape()[1].size, 1) || geometry.stride != 1) {
    refuse(operation,
           {"a depthwise convolution reads one channel at a time, with stride 1",
            "use conv1d for a weight that mixes channels, or for another stride"},
           {side({"x", x}), side(weight, "[channel, 1, tap]")});
  }
  const Size rows = convolved(operation, x, 1, taps_of(operation, weight), geometry);
  const Shape result{x.shape()[0], {x.shape()[1].name, rows}, x.shape()[2]};
  require_added(operation, fused, result);
  return result;
}

}  // namespace nightingale::rules

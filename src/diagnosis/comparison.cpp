#include "diagnosis/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "checkpoint/tensor_file.hpp"
#include "synthesis/inputs.hpp"

namespace nightingale {

namespace {

std::vector<std::int64_t> without_ones(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> out;
  std::copy_if(shape.begin(), shape.end(), std::back_inserter(out),
               [](std::int64_t size) { return size != 1; });
  return out;
}

std::vector<std::int64_t> sizes_of(const Shape& shape, Layout layout) {
  std::vector<std::int64_t> sizes;
  for (const Axis& axis : shape) sizes.push_back(axis.size.number());
  if (layout == Layout::channels_first) std::swap(sizes[sizes.size() - 1], sizes[sizes.size() - 2]);
  return sizes;
}

// "[batch 0, frame 17, mel 3]" of the place where two arrays differ most.
std::string place_of(std::size_t index, const Shape& shape) {
  std::string out = "]";
  for (std::size_t i = shape.rank(); i-- > 0;) {
    const auto size = static_cast<std::size_t>(shape.count(i));
    out = fmt::format("{}{} {}{}", i ? ", " : "[", shape[i].name.text(), index % size, out);
    index /= size;
  }
  return out;
}

// The first number that is further off than the limit allows on the reference's scale.
std::string first_difference(std::span<const float> ours, std::span<const float> theirs, double limit,
                             const Shape& shape) {
  double scale = 0;
  for (const float value : theirs) {
    if (std::isfinite(value)) scale += static_cast<double>(value) * value;
  }
  scale = std::sqrt(scale / static_cast<double>(std::max<std::size_t>(1, theirs.size())));
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const double distance = std::abs(static_cast<double>(ours[i]) - theirs[i]);
    if (distance <= limit * scale) continue;
    return fmt::format("first at {}: {:.7g}, reference {:.7g}", place_of(i, shape), ours[i], theirs[i]);
  }
  return {};
}

}  // namespace

VerifiedStep compare(const std::string& step, const Shape& shape, std::span<const float> ours,
                     const ReferenceArray& theirs, double limit, Layout layout) {
  VerifiedStep out{
      .step = step, .axes = shape.text(), .error = 0, .limit = limit, .verdict = {}, .detail = {}};
  const std::vector<std::int64_t> sizes = sizes_of(shape, layout);
  if (without_ones(sizes) != without_ones(theirs.shape)) {
    out.verdict = Verdict::shape;
    out.detail = "the reference holds " + shape_text(theirs.shape) + ", ours is " + shape_text(sizes);
    return out;
  }
  std::vector<float> turned;
  std::span<const float> expected = theirs.values;
  if (layout == Layout::channels_first) {
    const auto columns = static_cast<std::size_t>(shape.count(shape.rank() - 2));
    turned = transposed(theirs.values, theirs.values.size() / columns, columns);
    expected = turned;
  }
  double difference = 0;
  double norm = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const double d = static_cast<double>(ours[i]) - expected[i];
    difference += d * d;
    norm += static_cast<double>(expected[i]) * expected[i];
  }
  out.error = norm > 0 ? std::sqrt(difference / norm) : std::sqrt(difference);
  const bool close = out.error <= limit;  // false for NaN
  out.verdict = close ? Verdict::equal : Verdict::differs;
  if (!close) out.detail = first_difference(ours, expected, limit, shape);
  return out;
}

VerifiedStep compare_tokens(const std::string& step, std::span<const std::int32_t> ours,
                            std::span<const std::int32_t> theirs, std::span<const float> margins,
                            double close) {
  VerifiedStep out{.step = step,
                   .axes = fmt::format("[speech {}]", ours.size()),
                   .error = 0,
                   .limit = 0,
                   .verdict = Verdict::equal,
                   .detail = {}};
  const auto [mine, other] = std::mismatch(ours.begin(), ours.end(), theirs.begin(), theirs.end());
  if (mine == ours.end() && other == theirs.end()) return out;
  const auto index = static_cast<std::size_t>(mine - ours.begin());
  out.error = 1 - static_cast<double>(index) / static_cast<double>(std::max<std::size_t>(1, theirs.size()));
  const auto name = [](auto at, auto end) {
    return at == end ? std::string("the end") : std::to_string(*at);
  };
  out.detail =
      fmt::format("token {}: {}, reference {}", index, name(mine, ours.end()), name(other, theirs.end()));
  const bool excused = index < margins.size() && margins[index] < close;
  if (excused)
    out.detail += fmt::format("; a close choice (margin {:.1e}), the rest is not compared", margins[index]);
  out.verdict = excused ? Verdict::equal : Verdict::differs;
  return out;
}

VerifiedStep skipped(const std::string& step, const std::string& why) {
  return {.step = step, .axes = {}, .error = 0, .limit = 0, .verdict = Verdict::skipped, .detail = why};
}

}  // namespace nightingale

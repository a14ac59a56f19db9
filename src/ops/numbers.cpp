// How numbers come into tensors and out of them.
#include <algorithm>

#include "base/failure.hpp"
#include "ops/ops.hpp"
#include "ops/refusal.hpp"

namespace nightingale {

namespace {

// Bytes of a tensor; sizes that no memory could hold are refused before their product overflows.
std::size_t bytes_of(const Shape& shape, Type type) {
  constexpr std::int64_t most_bytes = std::int64_t{1} << 46;
  std::int64_t bytes = static_cast<std::int64_t>(size_of(type));
  for (const Axis& axis : shape) {
    if (!axis.size.is_number() || axis.size.number() < 0) {
      fail(ErrorCode::internal, "a tensor " + shape.text() + " was asked for before its sizes were known",
           "please report this");
    }
    if (axis.size.number() > 0 && bytes > most_bytes / axis.size.number()) {
      fail(ErrorCode::memory, "a tensor " + shape.text() + " does not fit in memory",
           "speak shorter pieces of text or use a shorter prompt");
    }
    bytes *= axis.size.number();
  }
  return static_cast<std::size_t>(bytes);
}

}  // namespace

Tensor Ops::allocate(const Shape& shape, Type type) {
  auto storage = pool_->take(bytes_of(shape, type));
  std::byte* data = storage.get();
  return Tensor(shape, type, std::move(storage), data);
}

Tensor Ops::write(const Shape& shape, std::span<const float> numbers) {
  Tensor out = allocate(shape.resolved(), real_);
  if (!out.has_numbers()) return out;
  if (static_cast<std::int64_t>(numbers.size()) != out.shape().elements()) {
    rules::refuse({"write"},
                  {std::to_string(numbers.size()) + " numbers cannot fill " + out.shape().text() +
                       ", which has " + std::to_string(out.shape().elements()),
                   "give one number for each element"},
                  {});
  }
  if (real_ == Type::f64) {
    std::copy(numbers.begin(), numbers.end(), out.data<double>());
  } else {
    std::copy(numbers.begin(), numbers.end(), out.data<float>());
  }
  return out;
}

Tensor Ops::write_ids(const Shape& shape, std::span<const std::int32_t> ids) {
  Tensor out = allocate(shape.resolved(), Type::i32);
  if (!out.has_numbers()) return out;
  if (static_cast<std::int64_t>(ids.size()) != out.shape().elements()) {
    rules::refuse({"write_ids"},
                  {std::to_string(ids.size()) + " ids cannot fill " + out.shape().text() + ", which has " +
                       std::to_string(out.shape().elements()),
                   "give one id for each element"},
                  {});
  }
  std::copy(ids.begin(), ids.end(), out.data<std::int32_t>());
  return out;
}

std::vector<float> Ops::read(const Tensor& x) {
  if (!x.has_numbers()) {
    fail(ErrorCode::internal, "the values of " + x.shape().text() + " were read in a run without numbers",
         "forward may not look at values; please report this");
  }
  if (x.type() == Type::i32) {
    const auto ids = x.numbers<const std::int32_t>();
    return {ids.begin(), ids.end()};
  }
  if (x.type() == Type::f64) {
    const auto numbers = x.numbers<const double>();
    std::vector<float> out(numbers.size());
    std::transform(numbers.begin(), numbers.end(), out.begin(),
                   [](double number) { return static_cast<float>(number); });
    return out;
  }
  const auto numbers = x.numbers<const float>();
  return {numbers.begin(), numbers.end()};
}

Tensor Ops::zeros(const Shape& shape) {
  Tensor out = allocate(shape.resolved(), real_);
  if (!out.has_numbers()) return out;
  if (real_ == Type::f64) {
    std::fill_n(out.data<double>(), out.shape().elements(), 0.0);
  } else {
    std::fill_n(out.data<float>(), out.shape().elements(), 0.0f);
  }
  return out;
}

}  // namespace nightingale

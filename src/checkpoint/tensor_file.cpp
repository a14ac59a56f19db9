// Names and sizes of stored types, and the readers of values.
//
// Values go through one path: a decoder per stored type (floats of 16 and 8 bits by bits, so exact), a
// converter per result that refuses what it cannot hold, and an index that walks Fortran order as C order.
#include "checkpoint/tensor_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "base/failure.hpp"
#include "base/multiversion.hpp"
#include "checkpoint/quantized_tensor.hpp"
#include "checkpoint/strided.hpp"

namespace nightingale {
namespace {

struct TypeFacts {
  StoredType type;
  std::string_view name;
  std::size_t size;
};

constexpr std::array<TypeFacts, 14> type_facts = {{
    {StoredType::f64, "F64", 8},
    {StoredType::f32, "F32", 4},
    {StoredType::f16, "F16", 2},
    {StoredType::bf16, "BF16", 2},
    {StoredType::f8_e4m3, "F8_E4M3", 1},
    {StoredType::f8_e5m2, "F8_E5M2", 1},
    {StoredType::i64, "I64", 8},
    {StoredType::i32, "I32", 4},
    {StoredType::i16, "I16", 2},
    {StoredType::i8, "I8", 1},
    {StoredType::u8, "U8", 1},
    {StoredType::boolean, "BOOL", 1},
    {StoredType::i8_groups, "int8", 1},
    {StoredType::i4_groups, "int4", 1},
}};

constexpr const TypeFacts& facts_of(StoredType type) {
  return type_facts[static_cast<std::size_t>(type)];
}

constexpr bool in_order_of_the_types() {
  for (std::size_t place = 0; place < type_facts.size(); ++place) {
    if (type_facts[place].type != static_cast<StoredType>(place)) return false;
  }
  return true;
}
static_assert(in_order_of_the_types(), "type_facts is looked up by the type's number");

template <StoredType type>
constexpr std::size_t size_of_element = facts_of(type).size;

// The bits of one element, read from an address that need not be aligned.
template <typename Bits>
NIGHTINGALE_INLINE Bits bits_at(const std::byte* address) {
  Bits bits;
  std::memcpy(&bits, address, sizeof bits);
  return bits;
}

// The float of a narrower one, whose size (all but the sign) lies where a float's does. What differs is the
// bias of its exponent, by the power of two `rebias`, and from which size on it stands for no finite number.
NIGHTINGALE_INLINE float widened(std::uint32_t sign, std::uint32_t size, float rebias,
                                 std::uint32_t special) {
  constexpr std::uint32_t special_exponent = 0x7f800000u;
  const std::uint32_t finite = std::bit_cast<std::uint32_t>(std::bit_cast<float>(size) * rebias);
  // Without a branch, so that compilers make vector code of it; the fraction of an infinity or NaN stays.
  return std::bit_cast<float>(sign | finite | (size >= special ? special_exponent : 0u));
}

// IEEE binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits. Every value is a float, subnormals too.
NIGHTINGALE_INLINE float from_f16(std::uint16_t bits) {
  constexpr float rebias = 0x1p112F;  // 2^(127 − 15)
  return widened(static_cast<std::uint32_t>(bits & 0x8000u) << 16,
                 static_cast<std::uint32_t>(bits & 0x7fffu) << 13, rebias, 0x7c00u << 13);
}

// One of OCP's two floats of 8 bits: 1 sign, 4 exponent (bias 7), 3 fraction bits; no infinity, and one NaN
// of each sign.
NIGHTINGALE_INLINE float from_f8_e4m3(std::uint8_t bits) {
  constexpr float rebias = 0x1p120F;  // 2^(127 − 7)
  return widened(static_cast<std::uint32_t>(bits & 0x80u) << 24,
                 static_cast<std::uint32_t>(bits & 0x7fu) << 20, rebias, 0x7fu << 20);
}

// The other: the upper half of a binary16.
NIGHTINGALE_INLINE float from_f8_e5m2(std::uint8_t bits) {
  return from_f16(static_cast<std::uint16_t>(bits << 8));
}

[[noreturn]] void refuse_value(const StoredTensor& tensor, const std::string& value, const char* wanted) {
  fail(ErrorCode::file_invalid,
       fmt::format("tensor {} ({} {}) holds {}, which {}", tensor.name, name_of(tensor.type),
                   shape_text(tensor.shape), value, wanted),
       "store the tensor in a type that fits its values");
}

// Each `convert` makes the result from a stored integer or a stored real, or refuses.
template <typename Value>
void convert(const StoredTensor&, Value value, Value& result) {
  result = value;
}

void convert(const StoredTensor&, float value, double& result) {
  result = value;
}

void convert(const StoredTensor& tensor, std::int64_t value, double& result) {
  constexpr std::int64_t exact = std::int64_t{1} << std::numeric_limits<double>::digits;
  if (value > exact || value < -exact) refuse_value(tensor, fmt::to_string(value), "a double would round");
  result = static_cast<double>(value);
}

void convert(const StoredTensor& tensor, double value, float& result) {
  if (std::isfinite(value) && std::abs(value) > std::numeric_limits<float>::max()) {
    refuse_value(tensor, fmt::to_string(value), "is beyond the range of a float");
  }
  result = static_cast<float>(value);
}

void convert(const StoredTensor& tensor, std::int64_t value, float& result) {
  constexpr std::int64_t exact = std::int64_t{1} << std::numeric_limits<float>::digits;
  if (value > exact || value < -exact) refuse_value(tensor, fmt::to_string(value), "a float would round");
  result = static_cast<float>(value);
}

void convert(const StoredTensor& tensor, double value, std::int64_t& result) {
  constexpr double beyond = 9223372036854775808.0;  // 2^63
  if (!(value >= -beyond && value < beyond) || value != std::trunc(value)) {
    refuse_value(tensor, fmt::to_string(value), "is no integer");
  }
  result = static_cast<std::int64_t>(value);
}

void convert(const StoredTensor& tensor, float value, std::int64_t& result) {
  convert(tensor, static_cast<double>(value), result);
}

// The stored element as float, double or int64_t, whichever holds it exactly.
template <StoredType type>
auto decode(const std::byte* at) {
  if constexpr (type == StoredType::f64) return bits_at<double>(at);
  if constexpr (type == StoredType::f32) return bits_at<float>(at);
  if constexpr (type == StoredType::f16) return from_f16(bits_at<std::uint16_t>(at));
  if constexpr (type == StoredType::bf16) return from_bfloat16(bits_at<std::uint16_t>(at));
  if constexpr (type == StoredType::f8_e4m3) return from_f8_e4m3(bits_at<std::uint8_t>(at));
  if constexpr (type == StoredType::f8_e5m2) return from_f8_e5m2(bits_at<std::uint8_t>(at));
  if constexpr (type == StoredType::i64) return bits_at<std::int64_t>(at);
  if constexpr (type == StoredType::i32) return std::int64_t{bits_at<std::int32_t>(at)};
  if constexpr (type == StoredType::i16) return std::int64_t{bits_at<std::int16_t>(at)};
  if constexpr (type == StoredType::i8) return std::int64_t{bits_at<std::int8_t>(at)};
  if constexpr (type == StoredType::u8) return std::int64_t{bits_at<std::uint8_t>(at)};
  if constexpr (type == StoredType::boolean) return std::int64_t{bits_at<std::uint8_t>(at) != 0};
}

NIGHTINGALE_MULTIVERSION
void decode_halves(const std::byte* at, float* values, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = from_f16(bits_at<std::uint16_t>(at + i * sizeof(std::uint16_t)));
  }
}

template <StoredType type, typename Value>
void decode_all(const StoredTensor& tensor, const std::byte* at, std::vector<Value>& values) {
  for (Value& value : values) {
    convert(tensor, decode<type>(at), value);
    at += size_of_element<type>;
  }
}

// What the numbers of a matrix of few bits stand for.
template <typename Value>
void decode_few_bits(const StoredTensor& tensor, std::vector<Value>& values) {
  StoredTensor aligned = tensor;
  const std::vector<std::byte> copy(tensor.bytes.begin(), tensor.bytes.end());
  aligned.bytes = copy;
  const std::vector<float> numbers = dequantized(*quantized_view(aligned));
  for (std::size_t i = 0; i < values.size(); ++i) convert(tensor, numbers[i], values[i]);
}

template <typename Value>
void decode_all(const StoredTensor& tensor, const std::byte* at, std::vector<Value>& values) {
  switch (tensor.type) {
    case StoredType::f64: return decode_all<StoredType::f64>(tensor, at, values);
    case StoredType::f32: return decode_all<StoredType::f32>(tensor, at, values);
    case StoredType::f16:
      if constexpr (std::is_same_v<Value, float>) return decode_halves(at, values.data(), values.size());
      return decode_all<StoredType::f16>(tensor, at, values);
    case StoredType::bf16: return decode_all<StoredType::bf16>(tensor, at, values);
    case StoredType::f8_e4m3: return decode_all<StoredType::f8_e4m3>(tensor, at, values);
    case StoredType::f8_e5m2: return decode_all<StoredType::f8_e5m2>(tensor, at, values);
    case StoredType::i64: return decode_all<StoredType::i64>(tensor, at, values);
    case StoredType::i32: return decode_all<StoredType::i32>(tensor, at, values);
    case StoredType::i16: return decode_all<StoredType::i16>(tensor, at, values);
    case StoredType::i8: return decode_all<StoredType::i8>(tensor, at, values);
    case StoredType::u8: return decode_all<StoredType::u8>(tensor, at, values);
    case StoredType::boolean: return decode_all<StoredType::boolean>(tensor, at, values);
    case StoredType::i8_groups:
    case StoredType::i4_groups: return decode_few_bits(tensor, values);
  }
}

template <typename Value>
std::vector<Value> to_values(const StoredTensor& tensor) {
  const auto count = static_cast<std::size_t>(tensor.element_count());
  if (is_quantized(tensor.type) ? tensor.bytes.empty()
                                : tensor.bytes.size() != count * size_of(tensor.type)) {
    fail(ErrorCode::file_invalid,
         fmt::format("tensor {} has a shape but no values: it comes from a manifest", tensor.name),
         "give the checkpoint itself");
  }
  std::vector<Value> values(count);
  if (tensor.fortran_order) {
    decode_all(tensor, c_order_bytes(tensor).data(), values);
  } else {
    decode_all(tensor, tensor.bytes.data(), values);
  }
  return values;
}

}  // namespace

std::string_view name_of(StoredType type) {
  return facts_of(type).name;
}

std::size_t size_of(StoredType type) {
  return facts_of(type).size;
}

bool stored_type_of(std::string_view name, StoredType& type) {
  for (const TypeFacts& facts : type_facts) {
    if (facts.name != name || is_quantized(facts.type)) continue;
    type = facts.type;
    return true;
  }
  return false;
}

std::int64_t StoredTensor::element_count() const {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

bool stored_byte_count(StoredType type, const std::vector<std::int64_t>& shape, std::uint64_t& count) {
  std::int64_t product = static_cast<std::int64_t>(size_of(type));
  bool empty = false;
  for (const std::int64_t size : shape) {
    if (size < 0) return false;
    // An axis of length 0 must not excuse an overflow of the others: strides are computed all the same.
    if (size == 0)
      empty = true;
    else if (__builtin_mul_overflow(product, size, &product))
      return false;
  }
  count = empty ? 0 : static_cast<std::uint64_t>(product);
  return true;
}

TensorFile::TensorFile(std::string path, std::vector<StoredTensor> tensors,
                       std::map<std::string, std::string> metadata, std::shared_ptr<const void> storage,
                       bool mapped)
    : path_(std::move(path)),
      tensors_(std::move(tensors)),
      metadata_(std::move(metadata)),
      storage_(std::move(storage)),
      mapped_(mapped) {
  for (std::size_t place = 0; place < tensors_.size(); ++place) places_.emplace(tensors_[place].name, place);
}

const StoredTensor* TensorFile::find(std::string_view name) const {
  const auto found = places_.find(name);
  return found == places_.end() ? nullptr : &tensors_[found->second];
}

std::vector<double> to_double(const StoredTensor& tensor) {
  return to_values<double>(tensor);
}

std::vector<float> to_float(const StoredTensor& tensor) {
  return to_values<float>(tensor);
}

std::vector<std::int64_t> to_integers(const StoredTensor& tensor) {
  return to_values<std::int64_t>(tensor);
}

}  // namespace nightingale

// Giving each bound weight its numbers, once the checkpoint has been judged.
//
// Aligned float32 in C order is used where it lies in the mapped file; all else is converted into a vector of
// its own. Every number is looked at once: a NaN would otherwise be heard as silence or noise much later.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <iterator>
#include <numeric>

#include "base/failure.hpp"
#include "checkpoint/binder_record.hpp"
#include "checkpoint/finite.hpp"
#include "checkpoint/mapped_file.hpp"
#include "checkpoint/precision.hpp"
#include "checkpoint/quantized_tensor.hpp"
#include "checkpoint/weight_norm.hpp"

namespace nightingale {
namespace {

bool can_be_used_in_place(const StoredTensor& tensor) {
  const auto address = reinterpret_cast<std::uintptr_t>(tensor.bytes.data());
  const bool c_order = !tensor.fortran_order || tensor.shape.size() < 2;
  return tensor.type == StoredType::f32 && c_order && address % alignof(float) == 0;
}

// A double beyond float's range becomes an infinity here, which the search for such numbers then reports.
std::vector<float> converted(const StoredTensor& tensor) {
  if (tensor.type != StoredType::f64) return to_float(tensor);
  const std::vector<double> numbers = to_double(tensor);
  std::vector<float> out;
  out.reserve(numbers.size());
  for (double number : numbers) out.push_back(static_cast<float>(number));
  return out;
}

void own(WeightRecord& weight, std::vector<float> numbers) {
  const auto owner = std::make_shared<const std::vector<float>>(std::move(numbers));
  weight.values = *owner;
  weight.owner = owner;
}

// "[3, 17]": the place of a number in a tensor.
std::string place_text(std::size_t index, const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> place(shape.size());
  auto rest = static_cast<std::int64_t>(index);
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    place[axis] = rest % shape[axis];
    rest /= shape[axis];
  }
  return shape_text(place);
}

std::string number_text(float number) {
  return std::isnan(number) ? "NaN" : number > 0 ? "infinity" : "−infinity";
}

// A fact about the first number of `numbers` that is not finite, if there is one.
void look_for_faults(const std::string& name, const std::vector<std::int64_t>& shape,
                     std::span<const float> numbers, const std::string& origin, std::vector<Fact>& faults) {
  const auto place = first_not_finite(numbers);
  if (!place) return;
  faults.push_back({name, fmt::format("{} at {}", number_text(numbers[*place]), place_text(*place, shape)),
                    "finite numbers", origin});
}

// The scales of a matrix of few bits, whose other numbers cannot be at fault.
void look_for_scales(const WeightRecord& weight, const StoredTensor& tensor, std::vector<Fact>& faults) {
  const auto count = static_cast<std::size_t>(weight.few_bits->layout.scales());
  for (const std::uint16_t* scales : {weight.few_bits->scales, weight.few_bits->minima}) {
    if (scales == nullptr) continue;
    std::vector<float> numbers;
    numbers.reserve(count);
    for (std::size_t i = 0; i < count; ++i) numbers.push_back(from_bfloat16(scales[i]));
    const auto place = first_not_finite(numbers);
    if (!place) continue;
    faults.push_back({weight.path, number_text(numbers[*place]) + " among its scales",
                      "finite numbers in " + shape_text(tensor.shape), ""});
  }
}

void load_plain(WeightRecord& weight, const StoredTensor& tensor,
                const std::shared_ptr<const TensorFile>& file, std::vector<Fact>& faults) {
  weight.few_bits = weight.use == Use::matmul ? quantized_view(tensor) : std::nullopt;
  if (weight.few_bits) {
    weight.owner = file;
    return look_for_scales(weight, tensor, faults);
  }
  if (can_be_used_in_place(tensor)) {
    weight.values = {reinterpret_cast<const float*>(tensor.bytes.data()),
                     tensor.bytes.size() / sizeof(float)};
    weight.owner = file;
  } else {
    own(weight, converted(tensor));
  }
  look_for_faults(weight.path, tensor.shape, weight.values, "", faults);
}

void load_pair(WeightRecord& weight, const Claim& length, const Claim& direction, std::vector<Fact>& faults) {
  const std::size_t faults_before = faults.size();
  for (const Claim* half : {&length, &direction}) {
    look_for_faults(half->name, half->tensor->shape, converted(*half->tensor), "", faults);
  }
  own(weight, fold_weight_norm(to_double(*length.tensor), to_double(*direction.tensor)));
  if (faults.size() > faults_before) return;
  look_for_faults(direction.name, direction.tensor->shape, weight.values,
                  "its numbers are all zero along this first axis: a direction without length", faults);
}

// The claimed tensors of a batch norm in double, each searched for faults.
std::vector<double> numbers_of(const Claim& claim, std::vector<Fact>& faults) {
  look_for_faults(claim.name, claim.tensor->shape, converted(*claim.tensor), "", faults);
  return to_double(*claim.tensor);
}

void load_batch_norm(const ClaimedBatchNorm& norm, const std::vector<Claim>& claims,
                     std::vector<Fact>& faults) {
  const std::size_t faults_before = faults.size();
  const std::vector<double> mean = numbers_of(claims[norm.mean], faults);
  const std::vector<double> variance = numbers_of(claims[norm.variance], faults);
  std::vector<double> weight(mean.size(), 1.0), bias(mean.size(), 0.0);
  if (norm.weight) weight = numbers_of(claims[*norm.weight], faults);
  if (norm.bias) bias = numbers_of(claims[*norm.bias], faults);
  std::vector<float> scale, shift;
  for (std::size_t channel = 0; channel < mean.size(); ++channel) {
    const double factor = weight[channel] / std::sqrt(variance[channel] + norm.eps);
    scale.push_back(static_cast<float>(factor));
    shift.push_back(static_cast<float>(bias[channel] - mean[channel] * factor));
  }
  own(norm.scale.record(), std::move(scale));
  own(norm.shift.record(), std::move(shift));
  if (faults.size() > faults_before) return;
  const Claim& spread = claims[norm.variance];
  look_for_faults(spread.name, spread.tensor->shape, norm.scale->values,
                  "its variance is negative: no square root can be taken", faults);
}

// Once a substrate has a form of its own, the numbers are not read any more; once they were copied, neither
// are the file's bytes.
void let_go_of_numbers(WeightRecord& weight) {
  if (!weight.prepared) return;
  weight.values = {};
  weight.owner = nullptr;
}

void let_go_of_bytes(const TensorFile& file, const WeightRecord& weight, const StoredTensor& tensor) {
  const void* numbers =
      weight.few_bits ? static_cast<const void*>(weight.few_bits->numbers) : weight.values.data();
  if (file.mapped() && numbers != tensor.bytes.data()) let_go(tensor.bytes);
}

void load_weight(const Binding::Record& record, const ClaimedWeight& claimed,
                 const std::shared_ptr<const TensorFile>& file, const Precisions& wanted,
                 std::vector<Fact>& faults) {
  WeightRecord& weight = claimed.weight.record();
  const Claim& first = record.claims[claimed.claim];
  if (claimed.direction) return load_pair(weight, first, record.claims[*claimed.direction], faults);
  load_plain(weight, *first.tensor, file, faults);
  weight.decodes = decodes(weight);
  weight.precision = weight.few_bits ? weight.few_bits->layout.precision : precision_of(weight, wanted);
}

void prepare(Ops& op, const Binding::Record& record, const ClaimedWeight& claimed) {
  Weight weight = claimed.weight;
  op.prepare(weight);
  let_go_of_numbers(weight.record());
  let_go_of_bytes(record.file, *weight, *record.claims[claimed.claim].tensor);
  if (claimed.direction) let_go_of_bytes(record.file, *weight, *record.claims[*claimed.direction].tensor);
}

std::size_t bytes_of(const Binding::Record& record, const ClaimedWeight& claimed) {
  return record.claims[claimed.direction.value_or(claimed.claim)].tensor->bytes.size();
}

}  // namespace

void Binding::load(Ops& op, const Precisions& wanted, std::string_view below) {
  Record& record = *record_;
  if (!record.file.has_bytes()) return;
  const auto is_below = [&](std::size_t claim) { return record.claims[claim].name.starts_with(below); };
  std::vector<ClaimedWeight> chosen;
  std::ranges::copy_if(record.weights, std::back_inserter(chosen),
                       [&](const ClaimedWeight& claimed) { return is_below(claimed.claim); });
  // The largest first, so that no thread is left alone with one of them at the end.
  std::vector<std::size_t> order(chosen.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t i) { return bytes_of(record, chosen[i]); });

  // A copy shares the mapped bytes and keeps them alive for the weights that are used in place.
  const auto file = std::make_shared<const TensorFile>(record.file);
  std::vector<std::vector<Fact>> of_each(chosen.size());
  // Each to its end before the next, so that what they are made of never lies in memory as a whole.
  op.in_turns(order.size(), [&](std::size_t turn) {
    const std::size_t i = order[turn];
    load_weight(record, chosen[i], file, wanted, of_each[i]);
    if (of_each[i].empty()) prepare(op, record, chosen[i]);
  });
  std::vector<Fact> faults;
  for (std::vector<Fact>& own : of_each) std::ranges::move(own, std::back_inserter(faults));
  for (const ClaimedBatchNorm& norm : record.batch_norms) {
    if (is_below(norm.mean)) load_batch_norm(norm, record.claims, faults);
  }
  if (!faults.empty()) {
    const std::size_t count = faults.size();
    throw Failure(
        Error{ErrorCode::file_invalid,
              fmt::format("{} holds numbers that are not finite (in {} tensor{})", file_name_of(record.file),
                          count, count == 1 ? "" : "s"),
              std::move(faults),
              "the file is damaged, or the training that wrote it diverged; take it again from its source"});
  }
}

}  // namespace nightingale

#include "checkpoint/judge_causes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace nightingale {
namespace {

// How many letters must change to make one name the other (Levenshtein).
std::size_t edit_distance(const std::string& left, const std::string& right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t changed = diagonal + (left[i - 1] != right[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row.back();
}

// Names that differ only by the number of a layer are neighbours, not spellings of one name.
bool differ_by_number_only(std::string left, std::string right) {
  const auto is_digit = [](char letter) { return letter >= '0' && letter <= '9'; };
  std::erase_if(left, is_digit);
  std::erase_if(right, is_digit);
  return left == right;
}

std::string parent_of(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos ? "" : name.substr(0, dot);
}

std::string order_text(const Shape& declared, const std::vector<std::size_t>& order) {
  std::string out;
  for (std::size_t axis : order) {
    out += (out.empty() ? "" : ", ") + std::string(declared[axis].name.text());
  }
  return "[" + out + "]";
}

// The values without those that only this claim vouches for: a tensor in the wrong place says the wrong size,
// and where it is the only one to say it, nobody contradicts.
Values without_witness(const Binding::Record& record, std::size_t claim) {
  Values values = record.solution.values;
  std::erase_if(values, [&](const auto& solved) {
    return record.solution.said.at(solved.first).at(solved.second) == std::vector<std::size_t>{claim};
  });
  return values;
}

// The tensor that a misfit was exchanged with: each has the shape that the other should have. The nearest by
// name.
const Claim* exchanged_with(const Binding::Record& record, std::size_t misfit) {
  const Claim& claim = record.claims[misfit];
  const Claim* partner = nullptr;
  for (std::size_t index = 0; index < record.claims.size(); ++index) {
    const Claim& other = record.claims[index];
    if (!other.tensor || other.tensor == claim.tensor || other.tensor->shape == claim.tensor->shape) continue;
    if (!fits(claim.declared, other.tensor->shape, record.solution.values)) continue;
    if (!fits(other.declared, claim.tensor->shape, without_witness(record, index))) continue;
    if (!partner ||
        shared_components(claim.name, other.name) > shared_components(claim.name, partner->name)) {
      partner = &other;
    }
  }
  return partner;
}

// Whether only axes of length 1 are too many or too few.
bool fits_but_for_ones(const Claim& claim, const Values& known) {
  std::vector<std::int64_t> found = claim.tensor->shape;
  std::erase(found, 1);
  Shape declared = substituted(claim.declared, known);
  for (std::size_t axis = declared.rank(); axis-- > 0;) {
    if (declared[axis].size == Size(1)) declared.erase(axis);
  }
  return fits(declared, found, known);
}

}  // namespace

std::size_t shared_components(const std::string& left, const std::string& right) {
  std::size_t shared = 0;
  for (std::size_t i = 0; i < left.size() && i < right.size() && left[i] == right[i]; ++i) {
    if (left[i] == '.') ++shared;
  }
  return shared;
}

std::optional<std::vector<std::size_t>> fitting_order(const Shape& declared,
                                                      const std::vector<std::int64_t>& found,
                                                      const Values& known) {
  if (declared.rank() != found.size()) return std::nullopt;
  // order[i] is the declared axis that the file has at place i. The full reversal is tried first: it is what
  // a transposition most often is.
  std::vector<std::size_t> order(found.size());
  std::iota(order.rbegin(), order.rend(), std::size_t{0});
  do {
    std::vector<std::int64_t> sorted(found.size());
    for (std::size_t place = 0; place < found.size(); ++place) sorted[order[place]] = found[place];
    if (sorted != found && fits(declared, sorted, known)) return order;
  } while (std::prev_permutation(order.begin(), order.end()));
  return std::nullopt;
}

std::string cause_of_misfit(const Binding::Record& record, std::size_t misfit) {
  const Claim& claim = record.claims[misfit];
  if (!std::all_of(claim.tensor->shape.begin(), claim.tensor->shape.end(), is_plausible)) {
    return "no tensor of a network has an axis of this length";
  }
  const auto order = fitting_order(claim.declared, claim.tensor->shape, record.solution.values);
  if (const Claim* other = exchanged_with(record, misfit)) {
    return fmt::format("looks exchanged with {}{}", other->name, order ? ", or both are transposed" : "");
  }
  if (order) return "looks transposed: the file's order is " + order_text(claim.declared, *order);
  if (fits_but_for_ones(claim, record.solution.values)) return "differs only by axes of length 1";
  return "";
}

const StoredTensor* likely_renamed(const Binding::Record& record, const Claim& missing,
                                   const std::vector<const StoredTensor*>& unclaimed) {
  // A typing slip or another convention for one word ("to_q" for "q"), not another word altogether.
  constexpr std::size_t most_letters_changed = 3;
  const StoredTensor* likely = nullptr;
  std::size_t nearest = most_letters_changed + 1;
  for (const StoredTensor* tensor : unclaimed) {
    const std::string name = record.name_of(*tensor);
    const std::size_t longer = std::max(name.size(), missing.name.size());
    const std::size_t shorter = std::min(name.size(), missing.name.size());
    const bool beside = parent_of(name) == parent_of(missing.name);
    if (!beside && longer - shorter > most_letters_changed) continue;
    if (differ_by_number_only(name, missing.name)) continue;
    if (!fits(missing.declared, tensor->shape, record.solution.values)) continue;
    std::size_t distance = beside ? most_letters_changed : longer;
    if (longer - shorter <= most_letters_changed)
      distance = std::min(distance, edit_distance(name, missing.name));
    if (distance < nearest) {
      nearest = distance;
      likely = tensor;
    }
  }
  return likely;
}

}  // namespace nightingale

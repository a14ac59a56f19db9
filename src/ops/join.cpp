#include "ops/join.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/columns.hpp"
#include "base/failure.hpp"
#include "tensor/fit.hpp"

namespace nightingale {

namespace {

constexpr Name batch_name = "batch";
// No convolution of the house has more taps; a larger difference is no slip of the padding.
constexpr std::int64_t most_taps = 30;

bool is_free(const Axis& declared, const Lengths& lengths) {
  if (declared.size.is_number() || declared.size.constant() != 0) return false;
  if (declared.size.terms().size() != 1) return false;
  const auto& [symbol, factor] = declared.size.terms().front();
  return factor == 1 && !symbol.known() && lengths.find(symbol) == nullptr;
}

bool same_names(const Shape& left, const Shape& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const Axis& a, const Axis& b) { return a.name == b.name; });
}

// The axis of `shape` that stands for the `index`-th declared one: at its place when the order is right,
// found by name when it is not.
const Axis* counterpart(const Shape& shape, const Shape& declared, std::size_t index) {
  if (same_names(shape, declared)) return &shape[index];
  const auto place = shape.find(declared[index].name);
  return place ? &shape[*place] : nullptr;
}

// Two operands fill one free axis: with equal sizes, or, when it is the batch, with a 1 that repeats.
bool agree(const Size& left, const Size& right, Name name) {
  if (left == right) return true;
  return name == batch_name && (left == Size(1) || right == Size(1));
}

// The earlier operand that filled the free axis with another size, or null.
const Join* disagreeing(std::span<const Join> earlier, const Axis& declared, const Size& size) {
  for (const Join& other : earlier) {
    for (std::size_t k = 0; k < other.declared.rank(); ++k) {
      if (!(other.declared[k].size == declared.size)) continue;
      const Axis* axis = counterpart(other.tensor->shape(), other.declared, k);
      if (axis != nullptr && !agree(axis->size, size, declared.name)) return &other;
    }
  }
  return nullptr;
}

bool size_fits(const Axis& declared, const Size& found, std::span<const Join> earlier,
               const Lengths& lengths) {
  if (is_free(declared, lengths) && (found.is_number() || declared.name == batch_name)) {
    return disagreeing(earlier, declared, found) == nullptr;
  }
  return declared.size.at(lengths) == found.at(lengths);
}

bool operand_fits(const Join& operand, std::span<const Join> earlier, const Lengths& lengths) {
  const Shape& shape = operand.tensor->shape();
  if (!same_names(shape, operand.declared)) return false;
  for (std::size_t i = 0; i < shape.rank(); ++i) {
    if (!size_fits(operand.declared[i], shape[i].size, earlier, lengths)) return false;
  }
  return true;
}

void append(std::string& list, std::string_view entry, std::string_view separator = ", ") {
  if (entry.empty()) return;
  if (!list.empty()) list += separator;
  list += entry;
}

// "[batch, frame, mel]"
std::string names_of(const Shape& shape) {
  std::string out;
  for (const Axis& axis : shape) append(out, axis.name.text());
  return "[" + out + "]";
}

// The last declared axis is the channel. Only [outer, channel, row] has a name of its own.
std::string layout_of(const Shape& shape, const Shape& declared) {
  const bool has_channel = declared.rank() == 3 && shape.rank() == 3;
  if (has_channel && shape[2].name == declared.back().name) return "channels-last";
  if (has_channel && shape[1].name == declared.back().name) return "channels-first";
  return names_of(shape);
}

template <typename Entry>
void add_once(std::vector<Entry>& list, Entry entry) {
  if (std::find(list.begin(), list.end(), entry) == list.end()) list.push_back(std::move(entry));
}

bool contains(const std::vector<const Join*>& list, const Join& operand) {
  return std::find(list.begin(), list.end(), &operand) != list.end();
}

// Collects what is wrong with the operands of one stage and puts it into words.
class Story {
 public:
  Story(std::string_view stage, const Lengths& lengths, std::span<const Join> operands)
      : stage_(stage),
        lengths_(lengths),
        operands_(operands) {}

  Error tell() {
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      if (operand_fits(operands_[i], operands_.first(i), lengths_)) continue;
      examine(operands_[i], operands_.first(i));
    }
    Error error{ErrorCode::shape_mismatch, fmt::format("{}'s inputs do not belong together", stage_), {}, {}};
    for (std::string& line : operand_lines()) error.facts.push_back({std::move(line), {}, {}, {}});
    for (std::string& line : in_columns(findings_)) error.facts.push_back({std::move(line), {}, {}, {}});
    fixes_.insert(fixes_.end(), layouts_.begin(), layouts_.end());
    for (const std::string& fix : fixes_) append(error.fix, fix, "; ");
    return error;
  }

 private:
  void examine(const Join& operand, std::span<const Join> earlier) {
    const Shape& shape = operand.tensor->shape();
    misfits_.push_back(&operand);
    if (!same_names(shape, operand.declared) && !check_names(operand)) return;
    for (std::size_t k = 0; k < operand.declared.rank(); ++k) {
      const Axis& declared = operand.declared[k];
      const Axis* axis = counterpart(shape, operand.declared, k);
      if (axis == nullptr || size_fits(declared, axis->size, earlier, lengths_)) continue;
      if (const Join* other = disagreeing(earlier, declared, axis->size)) {
        disagree(operand, *other, declared, axis->size);
      } else {
        misfit(operand, declared, axis->size);
      }
    }
  }

  // Says which names are missing, surplus or in another order. False when the names are not those declared.
  bool check_names(const Join& operand) {
    const Shape& shape = operand.tensor->shape();
    const Shape& declared = operand.declared;
    std::string missing, surplus;
    for (const Axis& axis : declared) append(missing, shape.has(axis.name) ? "" : axis.name.text());
    for (const Axis& axis : shape) append(surplus, declared.has(axis.name) ? "" : axis.name.text());
    const bool reordered = missing.empty() && surplus.empty() && shape.rank() == declared.rank();
    if (reordered) {
      find_witness(operand, declared.back().name);
      const std::string other =
          witnesses_.empty() ? "the stage reads" : fmt::format("{} is", witnesses_.back()->name);
      find("axis order", fmt::format("{} is {}, {} {}", operand.name, layout_of(shape, declared), other,
                                     layout_of(declared, declared)));
      layouts_.push_back(fmt::format("lay {} out as {}", operand.name, names_of(declared)));
      return true;
    }
    std::string text;
    if (!missing.empty()) append(text, "lacks " + missing);
    if (!surplus.empty()) append(text, fmt::format("has {} too many", surplus), " and ");
    if (text.empty()) text = "is " + names_of(shape);
    find("axes", fmt::format("{} {}", operand.name, text));
    add_once(fixes_, fmt::format("give {} as {}", operand.name, names_of(declared)));
    return false;
  }

  // Two operands fill one free axis with different sizes.
  void disagree(const Join& operand, const Join& other, const Axis& declared, const Size& size) {
    const std::string_view axis = declared.name.text();
    std::string there;
    for (std::size_t k = 0; k < other.declared.rank(); ++k) {
      if (!(other.declared[k].size == declared.size)) continue;
      const Axis* found = counterpart(other.tensor->shape(), other.declared, k);
      if (found != nullptr) there = factored(found->size);
    }
    find(axis, fmt::format("{} has {}, {} has {}", other.name, there, operand.name, factored(size)));
    add_once(witnesses_, &other);
    add_once(fixes_, fmt::format("give {} and {} the same {}{}", other.name, operand.name, axis,
                                 declared.name == batch_name ? ", or one of them a batch of 1" : ""));
  }

  void misfit(const Join& operand, const Axis& declared, const Size& found) {
    const Relation relation = relate(found, declared.size, lengths_);
    const std::string_view axis = declared.name.text();
    find(axis, text_of(relation, found, declared.size, lengths_));
    find_witness(operand, declared.name);
    // What is trimmed is named by its channel: "the mel".
    const Name channel = operand.declared.back().name;
    if (relation.kind == Relation::Kind::leaves_out) {
      const std::string part(channel == declared.name ? operand.name : channel.text());
      const bool untrimmed = holds_what_was_cut(relation, declared.size);
      add_once(fixes_, fmt::format("trim {}{} {} {}", channel == declared.name ? "" : "the ", part,
                                   untrimmed ? "before" : "after",
                                   untrimmed ? std::string(stage_) : fmt::format("{}, not before", stage_)));
    } else if (relation.kind == Relation::Kind::offset && std::abs(relation.offset) <= most_taps) {
      add_once(fixes_, fmt::format("look for a pad, a tap or a cut that changes {}'s {} by {}", operand.name,
                                   axis, std::abs(relation.offset)));
    } else {
      add_once(fixes_,
               fmt::format("give {} {} {}", operand.name, axis, factored(declared.size.at(lengths_))));
    }
  }

  void find(std::string_view subject, std::string text) {
    add_once(findings_, std::vector<std::string>{fmt::format("{}:", subject), std::move(text)});
  }

  // Another operand of the same rank that fits and shows what is declared for the axis.
  void find_witness(const Join& operand, Name axis) {
    for (const Join& other : operands_) {
      if (&other == &operand || !other.declared.has(axis)) continue;
      if (other.declared.rank() != operand.declared.rank() || !operand_fits(other, {}, lengths_)) continue;
      return add_once(witnesses_, &other);
    }
  }

  // The table: every operand that does not fit, and those that show what would.
  std::vector<std::string> operand_lines() const {
    std::vector<std::vector<std::string>> rows;
    for (const Join& operand : operands_) {
      if (!contains(misfits_, operand) && !contains(witnesses_, operand)) continue;
      rows.push_back(cells(std::string(operand.name), operand.declared, operand.tensor->shape()));
      const std::string_view origin = operand.tensor->origin().text();
      if (!origin.empty()) rows.back()[2] = fmt::format("from {}", origin);
    }
    // With nobody to compare with, the stage itself says what it reads.
    if (witnesses_.empty()) {
      for (const Join* operand : misfits_) {
        const std::string name = misfits_.size() == 1 ? "reads" : fmt::format("reads {}", operand->name);
        rows.push_back(cells(name, operand->declared, operand->declared.at(lengths_)));
      }
    }
    return in_columns(rows);
  }

  // Name, shape, room for the origin, then the formulas of the axes that have one with the lengths in them.
  std::vector<std::string> cells(std::string name, const Shape& declared, const Shape& shape) const {
    std::string formulas, values;
    for (std::size_t k = 0; k < declared.rank(); ++k) {
      const Axis* axis = counterpart(shape, declared, k);
      if (axis == nullptr || declared[k].size.resolved().is_number() || is_free(declared[k], lengths_))
        continue;
      const auto formula = relate(axis->size, declared[k].size, lengths_).formula;
      if (!formula || !axis->size.at(lengths_).is_number()) continue;
      append(formulas, fmt::format("{} = {}", axis->name.text(), factored(*formula)));
      append(values, values_of(*formula, lengths_));
    }
    if (!values.empty()) values = "(" + values + ")";
    return {std::move(name), shape.at(lengths_).formula(), "", std::move(formulas), std::move(values)};
  }

  std::string_view stage_;
  const Lengths& lengths_;
  std::span<const Join> operands_;
  std::vector<const Join*> misfits_, witnesses_;
  std::vector<std::vector<std::string>> findings_;  // subject and text
  std::vector<std::string> fixes_, layouts_;
};

}  // namespace

bool belong_together(const Lengths& lengths, std::span<const Join> operands) {
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (!operand_fits(operands[i], operands.first(i), lengths)) return false;
  }
  return true;
}

Error join_error(std::string_view stage, const Lengths& lengths, std::span<const Join> operands) {
  return Story(stage, lengths, operands).tell();
}

void Ops::join(std::string_view stage, const Lengths& lengths, std::initializer_list<Join> operands) {
  const std::span<const Join> all(operands.begin(), operands.size());
  if (!belong_together(lengths, all)) throw Failure(join_error(stage, lengths, all));
}

}  // namespace nightingale

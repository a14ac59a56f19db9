// The report of a judged binding: every fault as a fact with path, place, found, expected, who said so and
// the likely cause. All sentences about checkpoints are made here and in judge_causes.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "checkpoint/binder_record.hpp"
#include "checkpoint/judge_causes.hpp"
#include "checkpoint/judge_words.hpp"
#include "checkpoint/quantized_tensor.hpp"

namespace nightingale {
namespace {

// Faults of one kind that are listed one by one; the rest are counted.
constexpr std::size_t most_listed = 12;

enum class Kind { wrapper, stranger, layers, missing, weight_norm, shape, tie, number_type, unused };

struct Fault {
  Kind kind;
  Fact fact;
};

std::string_view plural_of(Kind kind) {
  switch (kind) {
    case Kind::wrapper:
    case Kind::stranger: return "files";
    case Kind::layers: return "rows of layers";
    case Kind::missing: return "missing tensors";
    case Kind::weight_norm: return "incomplete weight norms";
    case Kind::shape: return "tensors of the wrong shape";
    case Kind::tie: return "undecided sizes";
    case Kind::number_type: return "tensors of the wrong number type";
    case Kind::unused: return "unused tensors";
  }
  return "faults";
}

bool is_number_of_weights(StoredType type) {
  return type == StoredType::f64 || type == StoredType::f32 || type == StoredType::f16 ||
         type == StoredType::bf16 || type == StoredType::f8_e4m3 || type == StoredType::f8_e5m2 ||
         is_quantized(type);
}

class Report {
 public:
  explicit Report(const Binding::Record& record)
      : record_(record) {}

  Error error();

 private:
  void find_unclaimed();
  void judge_wrapper();
  void judge_rows();
  void judge_weight_norms();
  void judge_missing();
  void judge_shapes();
  void judge_ties();
  void judge_number_types();
  void judge_unused();

  void add(Kind kind, std::string subject, std::string found, std::string expected, std::string origin = "") {
    faults_.push_back({kind, {std::move(subject), std::move(found), std::move(expected), std::move(origin)}});
  }
  // Takes a tensor of the file out of the unused ones, because a fault already speaks of it.
  bool explain(const std::string& name);
  bool in_missing_layer(const std::string& name) const;
  std::string layer_remark(const std::string& name) const;
  std::string sentence() const;
  std::string fix() const;
  bool has(Kind kind) const;

  const Binding::Record& record_;
  std::vector<Fault> faults_;
  std::vector<const StoredTensor*> unclaimed_;
  std::vector<std::string> missing_layers_;  // "flow.encoder.encoders.3."
  bool nothing_fits_ = false;
};

bool Report::explain(const std::string& name) {
  return std::erase_if(unclaimed_,
                       [&](const StoredTensor* tensor) { return record_.name_of(*tensor) == name; }) > 0;
}

bool Report::in_missing_layer(const std::string& name) const {
  return std::any_of(missing_layers_.begin(), missing_layers_.end(),
                     [&](const std::string& layer) { return name.starts_with(layer); });
}

void Report::find_unclaimed() {
  std::set<const StoredTensor*> claimed;
  for (const Claim& claim : record_.claims) claimed.insert(claim.tensor);
  nothing_fits_ = claimed.empty() || claimed == std::set<const StoredTensor*>{nullptr};
  for (const StoredTensor& tensor : record_.file.tensors()) {
    const std::string name = record_.name_of(tensor);
    const bool known = std::any_of(
        record_.known_unused.begin(), record_.known_unused.end(), [&](const UnusedTensors& unused) {
          return unused.name.ends_with('.') ? name.starts_with(unused.name) : name == unused.name;
        });
    if (!known && !claimed.count(&tensor)) unclaimed_.push_back(&tensor);
  }
}

void Report::judge_wrapper() {
  if (!record_.wrapper_needed) return;
  add(Kind::wrapper, fmt::format("all {}", counted(record_.file.tensors().size(), "tensor")), "", "",
      fmt::format(
          "each name begins with \"{}\": the file holds a wrapper around the network, not the network",
          record_.wrapper));
}

void Report::judge_rows() {
  for (const LayerRow& row : record_.rows) {
    if (row.count == 0) {
      add(Kind::layers, row.path, "no layer", "layers 0, 1, …");
      continue;
    }
    std::vector<std::string> holes;
    for (std::int64_t layer = 0; layer < row.count; ++layer) {
      if (row.tensors.count(layer)) continue;
      holes.push_back(std::to_string(layer));
      missing_layers_.push_back(fmt::format("{}.{}.", row.path, layer));
    }
    if (holes.empty()) continue;
    add(Kind::layers, row.path, "", "",
        fmt::format("layers 0…{}: {} {} missing", row.count - 1, listed(holes),
                    holes.size() == 1 ? "is" : "are"));
  }
}

void Report::judge_weight_norms() {
  for (const WeightNormPair& pair : record_.pairs) {
    const Claim& length = record_.claims[pair.length];
    const Claim& direction = record_.claims[pair.direction];
    if ((length.tensor && direction.tensor) || in_missing_layer(length.name)) continue;
    std::string found = "neither half";
    if (length.tensor) found = "parametrizations.weight.original0 without original1";
    if (direction.tensor) found = "parametrizations.weight.original1 without original0";
    std::string cause;
    const bool old_length = explain(pair.path + ".weight_g"),
               old_direction = explain(pair.path + ".weight_v");
    if (old_length || old_direction) {
      found = old_length && old_direction ? "weight_g and weight_v" : old_length ? "weight_g" : "weight_v";
      cause = "the old spelling of PyTorch's weight norm: original0 was weight_g, original1 was weight_v";
    } else if (explain(pair.path + ".weight")) {
      found = "weight";
      cause = "the weight norm has been folded already";
    }
    Claim layer = direction;
    layer.name = pair.path;
    add(Kind::weight_norm, subject_of(layer), found,
        fmt::format("weight norm: parametrizations.weight.original0 {} and original1 {}",
                    expected_of(record_, length), expected_of(record_, direction)),
        cause);
  }
}

void Report::judge_missing() {
  std::set<std::size_t> halves;
  for (const WeightNormPair& pair : record_.pairs) halves.insert({pair.length, pair.direction});
  std::size_t listed_so_far = 0;
  for (std::size_t index = 0; index < record_.claims.size(); ++index) {
    const Claim& claim = record_.claims[index];
    if (claim.tensor || halves.count(index) || in_missing_layer(claim.name)) continue;
    std::string cause;
    const bool is_listed = listed_so_far++ < most_listed;
    const StoredTensor* renamed = is_listed ? likely_renamed(record_, claim, unclaimed_) : nullptr;
    if (renamed) {
      const std::string name = record_.name_of(*renamed);
      cause = fmt::format("{} {} is unused and would fit: is it this one under another name?", name,
                          shape_text(renamed->shape));
      explain(name);
    }
    add(Kind::missing, subject_of(claim), "missing", expected_of(record_, claim), cause);
  }
}

void Report::judge_shapes() {
  std::size_t listed_so_far = 0;
  for (std::size_t misfit : record_.solution.misfits) {
    const Claim& claim = record_.claims[misfit];
    if (listed_so_far++ >= most_listed) {
      add(Kind::shape, claim.name, "", "");
      continue;
    }
    std::string why = cause_of_misfit(record_, misfit);
    for (std::size_t axis = 0; axis < claim.declared.rank(); ++axis) {
      if (claim.tensor->shape.size() != claim.declared.rank()) break;
      const Size& size = claim.declared[axis].size;
      if (!contradicts(size, claim.tensor->shape[axis], record_.solution.values)) continue;
      const std::string line = reason(record_, claim, axis);
      if (why.find(line) == std::string::npos) why += (why.empty() ? "" : "\n") + line;
    }
    add(Kind::shape, subject_of(claim), shape_text(claim.tensor->shape), expected_of(record_, claim), why);
  }
}

void Report::judge_ties() {
  for (const auto& [symbol, said] : record_.solution.said) {
    if (record_.solution.values.count(symbol)) continue;
    std::string sides;
    for (const auto& [value, sayers] : said) {
      sides += fmt::format("{}{} {} {}", sides.empty() ? "" : "\n", value,
                           sayers.size() == 1 ? "says" : "say", witnesses(record_, symbol, value, ""));
    }
    std::string why = "as many tensors say the one as the other, so neither is blamed";
    for (const auto& [value, sayers] : said) {
      for (std::size_t sayer : sayers) {
        const Claim& claim = record_.claims[sayer];
        for (const auto& [other, others] : said) {
          Values known = record_.solution.values;
          known[symbol] = other;
          if (other == value || !fitting_order(claim.declared, claim.tensor->shape, known)) continue;
          why += fmt::format("\n{} would fit {} if it is transposed", claim.name, other);
        }
      }
    }
    add(Kind::tie, record_.full_name(symbol), sides, "one length", why);
  }
}

void Report::judge_number_types() {
  for (const Claim& claim : record_.claims) {
    if (!claim.tensor || is_number_of_weights(claim.tensor->type)) continue;
    add(Kind::number_type, subject_of(claim),
        fmt::format("{} {}", name_of(claim.tensor->type), shape_text(claim.tensor->shape)),
        fmt::format("F32, F16, BF16, F8_E4M3, F8_E5M2 or F64 {}", expected_of(record_, claim)),
        "weights are real numbers");
  }
}

// "layers 0…5 are complete; 6 has 1 tensor of 19", when the tensor lies behind a row of layers.
std::string Report::layer_remark(const std::string& name) const {
  for (const LayerRow& row : record_.rows) {
    if (row.count == 0 || !name.starts_with(row.path + ".")) continue;
    for (const auto& [layer, amount] : row.tensors) {
      if (layer < row.count || !name.starts_with(fmt::format("{}.{}.", row.path, layer))) continue;
      const auto by_amount = [](const auto& one, const auto& other) { return one.second < other.second; };
      const auto end_of_row = row.tensors.lower_bound(row.count);
      const auto [least, most] = std::minmax_element(row.tensors.begin(), end_of_row, by_amount);
      const std::int64_t whole = most->second;
      const bool complete = least->second == whole;
      return fmt::format("layers 0…{} {}; {} has {} of {}", row.count - 1,
                         complete ? "are complete" : "make the row", layer,
                         counted(static_cast<std::size_t>(amount), "tensor"), whole);
    }
  }
  return "";
}

void Report::judge_unused() {
  std::size_t listed_so_far = 0;
  for (const StoredTensor* tensor : unclaimed_) {
    const std::string name = record_.name_of(*tensor);
    const std::string remark = listed_so_far++ < most_listed ? layer_remark(name) : "";
    add(Kind::unused, "unused: " + name, shape_text(tensor->shape), "", remark);
  }
}

bool Report::has(Kind kind) const {
  return std::any_of(faults_.begin(), faults_.end(), [&](const Fault& fault) { return fault.kind == kind; });
}

std::string Report::sentence() const {
  // "T3" is a name, "flow and vocoder" is not.
  const bool is_name =
      !record_.purpose.empty() && std::isupper(static_cast<unsigned char>(record_.purpose.front()));
  const auto unused = static_cast<std::size_t>(std::count_if(
      faults_.begin(), faults_.end(), [](const Fault& fault) { return fault.kind == Kind::unused; }));
  const std::size_t problems = faults_.size() - unused;
  std::vector<std::string> counts;
  if (problems > 0) counts.push_back(counted(problems, "problem"));
  if (unused > 0) counts.push_back(counted(unused, "tensor") + " unused");
  return fmt::format("{} does not fit {}{} ({})", file_name_of(record_.file), is_name ? "" : "the ",
                     record_.purpose, fmt::join(counts, ", "));
}

std::string Report::fix() const {
  const std::string file = file_name_of(record_.file);
  if (has(Kind::stranger)) return fmt::format("`nightingale inspect {}` says what this file is", file);
  if (has(Kind::wrapper)) {
    return fmt::format("take \"{}\" off the front of every name, or take upstream's {}", record_.wrapper,
                       file);
  }
  if (has(Kind::shape) || has(Kind::weight_norm) || has(Kind::tie)) {
    return fmt::format(
        "this looks like a partly converted file; take upstream's {}, or run `nightingale inspect` on both",
        file);
  }
  return fmt::format("take upstream's {} again, or run `nightingale inspect` on both", file);
}

Error Report::error() {
  find_unclaimed();
  if (nothing_fits_ && !record_.file.tensors().empty()) {
    add(Kind::stranger, fmt::format("none of its {}", counted(record_.file.tensors().size(), "tensor")), "",
        "", fmt::format("belongs to this network; the first is {}", record_.file.tensors().front().name));
  } else {
    judge_wrapper();
    judge_rows();
    judge_weight_norms();
    judge_missing();
    judge_shapes();
    judge_ties();
    judge_number_types();
    judge_unused();
  }
  if (faults_.empty()) return {};

  Error error{ErrorCode::model_mismatch, sentence(), {}, fix()};
  for (auto first = faults_.begin(); first != faults_.end();) {
    const auto end =
        std::find_if(first, faults_.end(), [&](const Fault& fault) { return fault.kind != first->kind; });
    const auto count = static_cast<std::size_t>(end - first);
    for (auto fault = first; fault != end && (count <= most_listed || fault < first + most_listed); ++fault) {
      error.facts.push_back(fault->fact);
    }
    if (count > most_listed) {
      error.facts.push_back(
          {fmt::format("and {} more {}", count - most_listed, plural_of(first->kind)), "", "", ""});
    }
    first = end;
  }
  return error;
}

}  // namespace

Error report_of(const Binding::Record& record) {
  return Report(record).error();
}

}  // namespace nightingale

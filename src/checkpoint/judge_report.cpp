// The report of a judged binding: every fault as a fact with path, place, found, expected, who said so and
// the likely cause. All sentences about checkpoints are made here and in judge_causes.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "checkpoint/binder_record.hpp"
#include "checkpoint/judge_causes.hpp"

namespace nightingale {
namespace {

// Faults of one kind that are listed one by one; the rest are counted.
constexpr std::size_t most_listed = 12;
// Tensors named as witnesses of a size; the rest are counted.
constexpr std::size_t most_named = 2;

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

std::string counted(std::size_t count, const std::string& thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

// "a", "a and b", "a, b and 3 more".
std::string listed(const std::vector<std::string>& things, const std::string& rest = "") {
  std::string out;
  for (std::size_t i = 0; i < things.size(); ++i) {
    const bool last = i + 1 == things.size() && rest.empty();
    out += (i == 0 ? "" : last ? " and " : ", ") + things[i];
  }
  return rest.empty() ? out : out + " and " + rest;
}

bool is_number_of_weights(StoredType type) {
  return type == StoredType::f64 || type == StoredType::f32 || type == StoredType::f16 ||
         type == StoredType::bf16;
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
  std::string subject_of(const Claim& claim) const;
  std::string expected_of(const Claim& claim) const;
  std::string witnesses(const Symbol& symbol, std::int64_t value, const std::string& near) const;
  std::string reason(const Claim& claim, std::size_t axis) const;
  std::string dissent(const Claim& claim, std::size_t axis, const Symbol& symbol) const;
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

// "flow.encoder.encoders.4.norm_ff.weight  (encoder › block)": the name and the scope whose symbols it uses.
std::string Report::subject_of(const Claim& claim) const {
  if (claim.scope.empty()) return claim.name;
  std::string place;
  for (char letter : claim.scope) place += letter == '.' ? std::string(" › ") : std::string(1, letter);
  return fmt::format("{}  ({})", claim.name, place);
}

// The declared axes with the values that were solved; a transposed tensor may be the only one to know a size.
std::string Report::expected_of(const Claim& claim) const {
  Values known = record_.solution.values;
  if (claim.tensor) {
    if (const auto order = fitting_order(claim.declared, claim.tensor->shape, known)) {
      for (std::size_t place = 0; place < order->size(); ++place) {
        const Size rest = substituted(claim.declared[(*order)[place]].size, known);
        const auto value = value_said(rest, claim.tensor->shape[place], {});
        if (value) known[rest.terms().front().first] = *value;
      }
    }
  }
  return substituted(claim.declared, known).formula();
}

// "w_1.bias and w_2.weight", "text_emb.weight and 289 more tensors of t3_cfg.safetensors": those nearest to
// `near` first, and without the path when they lie beside it.
std::string Report::witnesses(const Symbol& symbol, std::int64_t value, const std::string& near) const {
  std::vector<std::string> names;
  for (std::size_t claim : record_.solution.said.at(symbol).at(value))
    names.push_back(record_.claims[claim].name);
  std::stable_sort(names.begin(), names.end(), [&](const std::string& left, const std::string& right) {
    return shared_components(left, near) > shared_components(right, near);
  });
  // Three are named in full rather than two and "1 more".
  const std::size_t named = names.size() <= most_named + 1 ? names.size() : 1;
  std::vector<std::string> first(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(named));
  for (std::string& name : first) {
    const auto components = static_cast<std::size_t>(std::count(name.begin(), name.end(), '.'));
    if (components < 2 || shared_components(name, near) + 1 < components) continue;
    name = name.substr(name.rfind('.', name.rfind('.') - 1) + 1);
  }
  if (named == names.size()) return listed(first);
  return listed(first,
                fmt::format("{} more tensors of {}", names.size() - named, file_name_of(record_.file)));
}

// "; only this tensor says 1024", "; this tensor and 2 others say 1024", "; 1023 is no multiple of 4".
std::string Report::dissent(const Claim& claim, std::size_t axis, const Symbol& symbol) const {
  const Size& size = claim.declared[axis].size;
  Values others = record_.solution.values;
  others.erase(symbol);
  const auto said = value_said(size, claim.tensor->shape[axis], others);
  if (!said) return fmt::format("; no {} makes {}", symbol.name(), claim.tensor->shape[axis]);
  std::size_t alike = 0;
  for (std::size_t misfit : record_.solution.misfits) {
    const Claim& other = record_.claims[misfit];
    if (&other == &claim || other.declared.rank() != other.tensor->shape.size()) continue;
    for (std::size_t i = 0; i < other.declared.rank(); ++i) {
      const Size rest = substituted(other.declared[i].size, others);
      if (rest.terms().empty() || !(rest.terms().front().first == symbol)) continue;
      if (value_said(rest, other.tensor->shape[i], {}) == said) {
        ++alike;
        break;
      }
    }
  }
  if (alike == 0) return fmt::format("; only this tensor says {}", *said);
  return fmt::format("; this tensor and {} say {}", counted(alike, "other"), *said);
}

// Who says that this axis has another length: "hidden = 2048 say w_1.bias and w_2.weight; only this tensor
// says 1024".
std::string Report::reason(const Claim& claim, std::size_t axis) const {
  const Axis& declared = claim.declared[axis];
  const std::string name(declared.name.text());
  if (declared.size.is_number()) return fmt::format("{} is always {}", name, declared.size.text());

  std::string out;
  const bool plain =
      declared.size.terms().size() == 1 && declared.size == Size(declared.size.terms()[0].first);
  if (!plain) out = fmt::format("{} = {}", name, declared.size.text());
  for (const auto& [symbol, factor] : declared.size.terms()) {
    const auto value = record_.solution.values.find(symbol);
    if (value == record_.solution.values.end()) continue;
    const std::string full = record_.full_name(symbol);
    if (!out.empty()) out += ", ";
    if (plain && name != symbol.name()) out += name + " = ";
    const auto& sayers = record_.solution.said.at(symbol).at(value->second);
    out += fmt::format("{} = {} {} {}{}", full, value->second, sayers.size() == 1 ? "says" : "say",
                       witnesses(symbol, value->second, claim.name), dissent(claim, axis, symbol));
  }
  return out;
}

void Report::find_unclaimed() {
  std::set<const StoredTensor*> claimed;
  for (const Claim& claim : record_.claims) claimed.insert(claim.tensor);
  nothing_fits_ = claimed.empty() || claimed == std::set<const StoredTensor*>{nullptr};
  for (const StoredTensor& tensor : record_.file.tensors()) {
    const std::string name = record_.name_of(tensor);
    const bool known =
        std::any_of(record_.known_unused.begin(), record_.known_unused.end(), [&](const KnownUnused& unused) {
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
        fmt::format("weight norm: parametrizations.weight.original0 {} and original1 {}", expected_of(length),
                    expected_of(direction)),
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
    add(Kind::missing, subject_of(claim), "missing", expected_of(claim), cause);
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
      const std::string line = reason(claim, axis);
      if (why.find(line) == std::string::npos) why += (why.empty() ? "" : "\n") + line;
    }
    add(Kind::shape, subject_of(claim), shape_text(claim.tensor->shape), expected_of(claim), why);
  }
}

void Report::judge_ties() {
  for (const auto& [symbol, said] : record_.solution.said) {
    if (record_.solution.values.count(symbol)) continue;
    std::vector<std::string> sides;
    for (const auto& [value, sayers] : said) {
      sides.push_back(
          fmt::format("{} {} {}", value, sayers.size() == 1 ? "says" : "say", witnesses(symbol, value, "")));
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
    add(Kind::tie, record_.full_name(symbol), listed(sides), "one length", why);
  }
}

void Report::judge_number_types() {
  for (const Claim& claim : record_.claims) {
    if (!claim.tensor || is_number_of_weights(claim.tensor->type)) continue;
    add(Kind::number_type, subject_of(claim),
        fmt::format("{} {}", name_of(claim.tensor->type), shape_text(claim.tensor->shape)),
        fmt::format("F32, F16, BF16 or F64 {}", expected_of(claim)), "weights are real numbers");
  }
}

// "layers 0…5 are complete; 6 has 1 tensor of 19", when the tensor lies behind a row of layers.
std::string Report::layer_remark(const std::string& name) const {
  for (const LayerRow& row : record_.rows) {
    if (row.count == 0 || !name.starts_with(row.path + ".")) continue;
    for (const auto& [layer, amount] : row.tensors) {
      if (layer < row.count || !name.starts_with(fmt::format("{}.{}.", row.path, layer))) continue;
      return fmt::format("layers 0…{} are complete; {} has {} of {}", row.count - 1, layer,
                         counted(static_cast<std::size_t>(amount), "tensor"), row.tensors.begin()->second);
    }
  }
  return "";
}

void Report::judge_unused() {
  for (const StoredTensor* tensor : unclaimed_) {
    const std::string name = record_.name_of(*tensor);
    add(Kind::unused, "unused: " + name, shape_text(tensor->shape), "", layer_remark(name));
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

std::string file_name_of(const TensorFile& file) {
  return file.path().substr(file.path().rfind('/') + 1);
}

Error report_of(const Binding::Record& record) {
  return Report(record).error();
}

}  // namespace nightingale

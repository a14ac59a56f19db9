// Collecting claims. Nothing is judged here and nothing is thrown: whatever is odd is noted and comes out,
// all at once, when the binding is judged.
#include "checkpoint/binder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/failure.hpp"
#include "checkpoint/binder_record.hpp"

namespace nightingale {
namespace {

// "model." when every name begins so, or nothing.
std::string common_first_component(const TensorFile& file) {
  if (file.tensors().size() < 2) return {};
  const std::string& first = file.tensors().front().name;
  const std::string wrapper = first.substr(0, first.find('.') + 1);
  const bool shared =
      std::all_of(file.tensors().begin(), file.tensors().end(),
                  [&](const StoredTensor& tensor) { return tensor.name.starts_with(wrapper); });
  return shared ? wrapper : "";
}

// The number that `name` has directly under `path`: 4 for "encoders.4.norm.weight" under "encoders."
std::optional<std::int64_t> child_number(std::string_view name, std::string_view path) {
  if (!name.starts_with(path)) return std::nullopt;
  name.remove_prefix(path.size());
  const std::string_view digits = name.substr(0, name.find('.'));
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number < 0) return std::nullopt;
  // "03" is no number: a network would ask for "3" and miss it.
  if (std::to_string(number) != digits) return std::nullopt;
  return number;
}

// How many layers a row has. A last one with fewer than half of the usual tensors is debris, and a number so
// far out that more layers would be missing than are there is no layer.
std::int64_t count_layers(const std::map<std::int64_t, std::int64_t>& tensors) {
  std::vector<std::int64_t> amounts;
  for (const auto& [number, amount] : tensors) amounts.push_back(amount);
  std::sort(amounts.begin(), amounts.end());
  const std::int64_t usual = amounts.empty() ? 0 : amounts[amounts.size() / 2];

  std::int64_t count = 0, present = 0;
  for (const auto& [number, amount] : tensors) {
    ++present;
    if (2 * amount >= usual && number < 2 * present) count = number + 1;
  }
  return count;
}

}  // namespace

std::string file_name_of(const TensorFile& file) {
  std::string name = file.path().substr(file.path().rfind('/') + 1);
  // A manifest is called like the file it describes: "t3_cfg.safetensors.json".
  if (!file.has_bytes() && name.ends_with(".json"))
    name.resize(name.size() - std::string_view(".json").size());
  return name;
}

Binding::Record::Record(TensorFile file_in, std::string purpose_in)
    : file(std::move(file_in)),
      purpose(std::move(purpose_in)),
      wrapper(common_first_component(file)) {}

const StoredTensor* Binding::Record::find(const std::string& name) {
  if (const StoredTensor* tensor = file.find(name)) return tensor;
  const StoredTensor* wrapped = wrapper.empty() ? nullptr : file.find(wrapper + name);
  if (wrapped) wrapper_needed = true;
  return wrapped;
}

std::string Binding::Record::name_of(const StoredTensor& tensor) const {
  return wrapper_needed ? tensor.name.substr(wrapper.size()) : tensor.name;
}

std::size_t Binding::Record::claim(std::string name, const Shape& declared, const std::string& scope) {
  const StoredTensor* tensor = find(name);
  claims.push_back({std::move(name), tensor, declared, scope});
  return claims.size() - 1;
}

std::string Binding::Record::full_name(const Symbol& symbol) const {
  for (const auto& [place, axis] : axes) {
    if (axis.size == Size(symbol))
      return place.first.empty() ? place.second : place.first + "." + place.second;
  }
  return symbol.name();
}

std::string Binder::join(std::string_view name) const {
  if (path_.empty()) return std::string(name);
  return name.empty() ? path_ : fmt::format("{}.{}", path_, name);
}

Binder Binder::operator/(std::string_view child) const {
  return Binder(*binding_, join(child), scope_);
}

Binder Binder::operator/(std::int64_t index) const {
  return *this / std::to_string(index);
}

Binder Binder::scope(std::string_view name) const {
  return Binder(*binding_, path_, scope_.empty() ? std::string(name) : fmt::format("{}.{}", scope_, name));
}

Axis Binder::axis(Name name) const {
  auto& axes = binding_->record_->axes;
  const auto place = std::make_pair(scope_, std::string(name.text()));
  const auto known = axes.find(place);
  return known != axes.end() ? known->second : axes.emplace(place, unknown(name)).first->second;
}

Weight Binder::tensor(std::string_view name, std::initializer_list<Axis> axes, Use use) const {
  Binding::Record& record = *binding_->record_;
  const Shape declared(axes);
  const std::size_t claim = record.claim(join(name), declared, scope_);
  auto weight = std::make_shared<WeightRecord>();
  weight->path = record.claims[claim].name;
  weight->shape = declared;
  weight->use = use;
  record.weights.push_back({Weight(weight), claim, std::nullopt});
  return Weight(weight);
}

Weight Binder::weight_norm(std::initializer_list<Axis> axes, Use use) const {
  Binding::Record& record = *binding_->record_;
  const Shape declared(axes);
  Shape lengths = declared;
  for (std::size_t axis = 1; axis < lengths.rank(); ++axis) lengths[axis].size = 1;

  const std::size_t length = record.claim(join("parametrizations.weight.original0"), lengths, scope_);
  const std::size_t direction = record.claim(join("parametrizations.weight.original1"), declared, scope_);
  record.pairs.push_back({path_, length, direction});

  auto weight = std::make_shared<WeightRecord>();
  weight->path = join("weight");
  weight->shape = declared;
  weight->use = use;
  record.weights.push_back({Weight(weight), length, direction});
  return Weight(weight);
}

BatchNormWeights Binder::batch_norm(Axis channel, double eps, Affine affine) const {
  Binding::Record& record = *binding_->record_;
  const Shape declared{channel};
  const auto claim = [&](std::string_view name) { return record.claim(join(name), declared, scope_); };
  const auto folded = [&](std::string_view name) {
    auto weight = std::make_shared<WeightRecord>();
    weight->path = join(name);
    weight->shape = declared;
    return Weight(weight);
  };
  ClaimedBatchNorm norm;
  norm.mean = claim("running_mean");
  norm.variance = claim("running_var");
  if (affine == Affine::yes) {
    norm.weight = claim("weight");
    norm.bias = claim("bias");
  }
  norm.eps = eps;
  norm.scale = folded("scale");
  norm.shift = folded("shift");
  unused("num_batches_tracked", "a counter of the training");
  record.batch_norms.push_back(norm);
  return {norm.scale, norm.shift};
}

std::int64_t Binder::layers(std::string_view name) const {
  Binding::Record& record = *binding_->record_;
  LayerRow row{join(name), {}, 0};
  const auto count = [&](const std::string& path) {
    for (const StoredTensor& tensor : record.file.tensors()) {
      if (const auto number = child_number(tensor.name, path)) ++row.tensors[*number];
    }
  };
  count(row.path + ".");
  if (row.tensors.empty() && !record.wrapper.empty()) {
    count(record.wrapper + row.path + ".");
    record.wrapper_needed = record.wrapper_needed || !row.tensors.empty();
  }
  row.count = count_layers(row.tensors);
  record.rows.push_back(row);
  return row.count;
}

void Binder::unused(std::string_view name, std::string_view why) const {
  binding_->record_->known_unused.push_back({join(name), std::string(why)});
}

bool Binder::holds(std::string_view name) const {
  return binding_->record_->find(join(name)) != nullptr;
}

Binding::Binding(TensorFile file, std::string purpose)
    : record_(std::make_unique<Record>(std::move(file), std::move(purpose))) {}

Binding::~Binding() = default;

Binder Binding::root() {
  return Binder(*this, "", "");
}

const TensorFile& Binding::file() const {
  return record_->file;
}

void Binding::judge() {
  Record& record = *record_;
  record.solution = solve(record.claims);
  record.bound.clear();
  for (const Claim& claim : record.claims) {
    if (claim.tensor)
      record.bound.push_back({claim.name, claim.tensor->type, claim.declared, claim.tensor->shape});
  }

  Error report = report_of(record);
  if (!report.facts.empty()) throw Failure(std::move(report));

  for (const auto& [symbol, value] : record.solution.values) {
    const auto& sayers = record.solution.said.at(symbol).at(value);
    std::string origin = record.claims[sayers.front()].name;
    if (sayers.size() > 1) origin += fmt::format(" and {} more", sayers.size() - 1);
    symbol.solve(value, origin + " of " + file_name_of(record.file));
  }
  for (const ClaimedWeight& claimed : record.weights) {
    claimed.weight.record().shape = claimed.weight.shape().resolved();
  }
  for (const ClaimedBatchNorm& norm : record.batch_norms) {
    norm.scale.record().shape = norm.scale.shape().resolved();
    norm.shift.record().shape = norm.shift.shape().resolved();
  }
}

const std::vector<BoundTensor>& Binding::tensors() const {
  return record_->bound;
}

std::vector<Weight> Binding::weights() const {
  std::vector<Weight> weights;
  for (const ClaimedWeight& claimed : record_->weights) {
    if (!claimed.direction) weights.push_back(claimed.weight);
  }
  return weights;
}

std::vector<SolvedSize> Binding::sizes() const {
  std::vector<SolvedSize> sizes;
  for (const auto& [symbol, value] : record_->solution.values) {
    SolvedSize size{record_->full_name(symbol), value, {}};
    for (std::size_t claim : record_->solution.said.at(symbol).at(value)) {
      size.tensors.push_back(record_->claims[claim].name);
    }
    sizes.push_back(std::move(size));
  }
  return sizes;
}

std::vector<LayerCount> Binding::layers() const {
  std::vector<LayerCount> layers;
  for (const LayerRow& row : record_->rows) layers.push_back({row.path, row.count});
  return layers;
}

const std::vector<UnusedTensors>& Binding::unused() const {
  return record_->known_unused;
}

}  // namespace nightingale

// Binding: the axes that a network declares meet the shapes that a file holds.
//
//   Binding binding(open_tensor_file("s3gen.safetensors"), "flow and vocoder");
//   Flow flow(binding.root() / "flow");      // constructors claim weights; nothing is thrown here
//   binding.judge();                         // every fault of the file in one report, or every symbol solved
//   binding.load(op);                        // values found, checked to be finite, prepared for the
//   substrate
//
// A weight is written once: upstream's own name, its axes, the member that holds it. Nothing is optional by
// absence: what is claimed must be there, what is there must be claimed. For each symbol the majority of the
// tensors decides, and the odd one is blamed.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/tensor_file.hpp"
#include "nightingale/precision.hpp"
#include "ops/ops.hpp"

namespace nightingale {

class Binding;

// A batch norm of a trained network is one scale and one shift a channel. Some have no weight and bias of
// their own.
struct BatchNormWeights {
  Weight scale, shift;
};
enum class Affine { yes, no };

// A place in a checkpoint: the file, a dotted path, and the scope in which its symbols live. Cheap to copy.
class Binder {
 public:
  // A child path: at / "encoders" / 3 is "encoders.3".
  Binder operator/(std::string_view child) const;
  Binder operator/(std::int64_t index) const;

  // The same path with symbols of its own: axis("hidden") under another scope is another symbol.
  Binder scope(std::string_view name) const;

  // The symbol of this scope with this name, made at the first call.
  Axis axis(Name name) const;

  // Claims the tensor `name` under this path. `name` may be empty: the path itself.
  Weight tensor(std::string_view name, std::initializer_list<Axis> axes, Use use = Use::vector) const;

  // Claims parametrizations.weight.original0 (length: [axes[0], 1, 1]) and original1 (direction) under this
  // path and folds them: weight = original0 · original1 / ‖original1‖, the norm over every axis but the
  // first, in double.
  Weight weight_norm(std::initializer_list<Axis> axes, Use use) const;

  // Claims running_mean, running_var and, with `affine`, weight and bias under this path, [channel] each, and
  // folds them in double: scale = weight/√(variance + eps), shift = bias − mean·scale.
  BatchNormWeights batch_norm(Axis channel, double eps, Affine affine) const;

  // How many numbered children `name` has: name.0, name.1, … A hole in the row is reported.
  std::int64_t layers(std::string_view name) const;

  // Claims what is in the file but takes no part in speaking; `name` may end in "." to mean everything below
  // it.
  void unused(std::string_view name, std::string_view why) const;

  // Whether the file holds this tensor: only to decide, once and at the root, which network a file is for.
  bool holds(std::string_view name) const;

 private:
  friend class Binding;
  Binder(Binding& binding, std::string path, std::string scope)
      : binding_(&binding),
        path_(std::move(path)),
        scope_(std::move(scope)) {}
  std::string join(std::string_view name) const;

  Binding* binding_;
  std::string path_;
  std::string scope_;
};

// One claimed tensor, for `inspect`.
struct BoundTensor {
  std::string name;  // in the file
  StoredType type;
  Shape declared;  // with symbols
  std::vector<std::int64_t> found;
};

// One solved symbol, for `inspect` and for the origins in messages.
struct SolvedSize {
  std::string name;  // "flow.encoder.hidden"
  std::int64_t value;
  std::vector<std::string> tensors;  // those that say so, in the order they were claimed
};

// One row of layers, for `inspect`.
struct LayerCount {
  std::string path;  // "tfmr.layers"
  std::int64_t count;
};

// What is in the file but takes no part: a name, or everything below a name that ends in ".".
struct UnusedTensors {
  std::string name;
  std::string why;
};

class Binding {
 public:
  // `purpose` names the network in messages: "T3", "flow and vocoder".
  Binding(TensorFile file, std::string purpose);
  ~Binding();
  Binding(const Binding&) = delete;
  Binding& operator=(const Binding&) = delete;

  Binder root();
  const TensorFile& file() const;

  // Solves every symbol. Throws Failure (model_mismatch) with every fault of the file in one report: missing,
  // surplus, transposed, exchanged and misshaped tensors, wrong number types, half weight-norm pairs, holes
  // in a row of layers.
  void judge();

  // Gives each weight its numbers (f16, bf16 and f64 become float), folds weight norms, refuses numbers that
  // are not finite (all of them in one report) and lets the substrate prepare its own form, its matrices in
  // the precision that precision.hpp gives them. Needs a file with bytes; on a manifest it does nothing. With
  // `below` only the tensors whose names begin so: the others may follow by another call.
  void load(Ops& op, const Precisions& wanted = {}, std::string_view below = {});

  const std::vector<BoundTensor>& tensors() const;
  // The weights that were claimed whole, by their names in the file: no halves of weight norms.
  std::vector<Weight> weights() const;
  std::vector<SolvedSize> sizes() const;
  std::vector<LayerCount> layers() const;
  const std::vector<UnusedTensors>& unused() const;

  struct Record;  // what was claimed and how it was judged: checkpoint/binder_record.hpp

 private:
  friend class Binder;
  std::unique_ptr<Record> record_;
};

}  // namespace nightingale

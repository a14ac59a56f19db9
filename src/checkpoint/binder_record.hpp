// What a binding has collected: every claim of the networks, beside what the file holds. Shared by the files
// that collect (binder), judge (judge, judge_causes, judge_report) and load (binder_load); nobody else
// includes it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/binder.hpp"
#include "checkpoint/judge.hpp"
#include "nightingale/error.hpp"

namespace nightingale {

// Two claims that make one weight: weight = length · direction / ‖direction‖.
struct WeightNormPair {
  std::string path;  // of the layer: "mel2wav.conv_pre"
  std::size_t length = 0;
  std::size_t direction = 0;
};

// A weight and the claims its numbers come from: one, or a weight-norm pair.
struct ClaimedWeight {
  Weight weight;
  std::size_t claim = 0;
  std::optional<std::size_t> direction;  // then `claim` is the length
};

// A batch norm: two weights made of two or four claims.
struct ClaimedBatchNorm {
  Weight scale, shift;
  std::size_t mean = 0, variance = 0;
  std::optional<std::size_t> weight, bias;
  double eps = 0;
};

// The numbered children of one path: path.0, path.1, …
struct LayerRow {
  std::string path;
  std::map<std::int64_t, std::int64_t> tensors;  // how many tensors each number has in the file
  std::int64_t count = 0;                        // how many layers the network was told
};

struct Binding::Record {
  TensorFile file;
  std::string purpose;
  // The first component that all names of the file share ("model."), or empty. A claim that is only found
  // behind it is bound all the same, so that one wrapper is one fault and hides no other.
  std::string wrapper;
  bool wrapper_needed = false;

  std::map<std::pair<std::string, std::string>, Axis> axes;  // by scope and name
  std::vector<Claim> claims;
  std::vector<ClaimedWeight> weights;
  std::vector<WeightNormPair> pairs;
  std::vector<ClaimedBatchNorm> batch_norms;
  std::vector<LayerRow> rows;
  std::vector<UnusedTensors> known_unused;

  std::vector<BoundTensor> bound;
  Solution solution;

  Record(TensorFile file_in, std::string purpose_in);
  const StoredTensor* find(const std::string& name);
  // The name in the file without the wrapper, where one is needed.
  std::string name_of(const StoredTensor& tensor) const;
  std::size_t claim(std::string name, const Shape& declared, const std::string& scope);
  // "flow.hidden": the symbol's name behind its scope.
  std::string full_name(const Symbol& symbol) const;
};

// "s3gen.safetensors", without its folder.
std::string file_name_of(const TensorFile& file);

// Every fault of a judged binding as one error; no facts when there is none.
Error report_of(const Binding::Record& record);

}  // namespace nightingale

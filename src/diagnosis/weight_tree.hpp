// The tensors of a checkpoint as a tree, folded so that a person can read it: layers that are built alike are
// one branch, "layers.0…29", and a chain of single branches is one line.
//
//   tfmr.layers.0…29           9 tensors each
//     self_attn.q_proj.weight  [query 1024, model 1024]
#pragma once

#include <string>
#include <vector>

namespace nightingale {

struct TreeLeaf {
  std::string name;  // "tfmr.layers.0.self_attn.q_proj.weight"
  std::string text;  // its axes, or what else is to be said about it
};

// One line a branch or leaf, in the order of the leaves' names in `leaves`.
std::vector<std::string> weight_tree(const std::vector<TreeLeaf>& leaves);

}  // namespace nightingale

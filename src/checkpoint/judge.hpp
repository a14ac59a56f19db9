// Solving the sizes of a checkpoint: claimed shapes against found shapes, by majority.
//
//   dimension   found = factor·symbol + constant   votes   symbol = (found − constant) / factor, when exact
//
// Each tensor has one vote for a symbol. A tensor that contradicts a decided symbol loses its votes for all
// others too, so that a transposed matrix cannot mislead the one symbol that only it knows. Symbols with two
// equally strong sides stay undecided.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/tensor_file.hpp"
#include "tensor/axes.hpp"

namespace nightingale {

// One tensor that a network asks for.
struct Claim {
  std::string name;                      // upstream's name
  const StoredTensor* tensor = nullptr;  // in the file, or null when it is missing
  Shape declared;
  std::string scope;  // whose symbols its axes use
};

using Values = std::map<Symbol, std::int64_t>;
// What is said about one symbol: value → the claims that say so, in order.
using Said = std::map<std::int64_t, std::vector<std::size_t>>;

struct Solution {
  Values values;                     // the decided symbols
  std::map<Symbol, Said> said;       // by those that were heard
  std::vector<std::size_t> misfits;  // claims whose shape contradicts the values, in order
};

Solution solve(const std::vector<Claim>& claims);

// The one unknown of `size` when the dimension is `found`; nothing when all or two are unknown, or when no
// whole number fits.
std::optional<std::int64_t> value_said(const Size& size, std::int64_t found, const Values& known);

// Whether `found` cannot be `size`, whatever the symbols are that are not in `known`.
bool contradicts(const Size& size, std::int64_t found, const Values& known);

// Whether a tensor of the dimensions `found` fits `declared`; symbols not in `known` are free, but one number
// each.
bool fits(const Shape& declared, const std::vector<std::int64_t>& found, Values known);

// `size` and `shape` with their known symbols replaced.
Size substituted(const Size& size, const Values& known);
Shape substituted(const Shape& shape, const Values& known);

// A size that a tensor of a network can have: at least one and small enough to count with. A hostile header
// may claim others.
bool is_plausible(std::int64_t size);

}  // namespace nightingale

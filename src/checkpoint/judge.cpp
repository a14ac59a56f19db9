#include "checkpoint/judge.hpp"

#include <algorithm>
#include <limits>
#include <set>

namespace nightingale {
namespace {

// Beyond any tensor of any network; sums of such sizes times a small factor stay far from overflow.
constexpr std::int64_t largest_size = std::int64_t{1} << 40;

// The strength of a number that stands in the declaration: no tensor outvotes it.
constexpr std::size_t beyond_doubt = std::numeric_limits<std::size_t>::max();

// Whether the tensor may vote at all: present, with as many axes as declared, none of an impossible length.
bool can_vote(const Claim& claim) {
  if (!claim.tensor || claim.tensor->shape.size() != claim.declared.rank()) return false;
  return std::all_of(claim.tensor->shape.begin(), claim.tensor->shape.end(), is_plausible);
}

// The value with more votes than any other.
std::optional<std::int64_t> majority(const Said& said) {
  std::optional<std::int64_t> best;
  std::size_t most = 0;
  for (const auto& [value, claims] : said) {
    if (claims.size() == most) best.reset();
    if (claims.size() > most) {
      most = claims.size();
      best = value;
    }
  }
  return best;
}

// One count of the votes of `voters`, given what is already decided.
std::map<Symbol, Said> count_votes(const std::vector<Claim>& claims, const std::set<std::size_t>& voters,
                                   const Values& known) {
  std::map<Symbol, Said> votes;
  for (std::size_t voter : voters) {
    const Claim& claim = claims[voter];
    for (std::size_t axis = 0; axis < claim.declared.rank(); ++axis) {
      const Size rest = substituted(claim.declared[axis].size, known);
      const auto value = value_said(rest, claim.tensor->shape[axis], {});
      if (!value) continue;
      auto& sayers = votes[rest.terms().front().first][*value];
      if (sayers.empty() || sayers.back() != voter) sayers.push_back(voter);
    }
  }
  return votes;
}

// Decides what `voters` can decide. A dimension of two symbols votes once one of them is known.
void decide(const std::vector<Claim>& claims, const std::set<std::size_t>& voters, Solution& solution) {
  solution.values.clear();
  solution.said.clear();
  for (bool progress = true; progress;) {
    progress = false;
    for (auto& [symbol, said] : count_votes(claims, voters, solution.values)) {
      if (solution.said.count(symbol)) continue;
      if (const auto value = majority(said)) {
        solution.values[symbol] = *value;
        progress = true;
      }
      solution.said[symbol] = std::move(said);
    }
  }
}

// How many tensors stand against this one, at the dimension where most do; 0 when it fits.
std::size_t opposition(const Claim& claim, const Solution& solution) {
  std::size_t strongest = 0;
  for (std::size_t axis = 0; axis < claim.declared.rank(); ++axis) {
    const Size& size = claim.declared[axis].size;
    if (!contradicts(size, claim.tensor->shape[axis], solution.values)) continue;
    std::size_t support = beyond_doubt;
    for (const auto& [symbol, factor] : size.terms()) {
      const auto value = solution.values.find(symbol);
      if (value == solution.values.end()) continue;
      support = std::min(support, solution.said.at(symbol).at(value->second).size());
    }
    strongest = std::max(strongest, support);
  }
  return strongest;
}

}  // namespace

bool is_plausible(std::int64_t size) {
  return size >= 1 && size <= largest_size;
}

std::optional<std::int64_t> value_said(const Size& size, std::int64_t found, const Values& known) {
  const Size rest = substituted(size, known);
  if (rest.terms().size() != 1 || !is_plausible(found)) return std::nullopt;
  const std::int64_t factor = rest.terms().front().second;
  const std::int64_t product = found - rest.constant();
  if (product % factor != 0 || !is_plausible(product / factor)) return std::nullopt;
  return product / factor;
}

bool contradicts(const Size& size, std::int64_t found, const Values& known) {
  const Size rest = substituted(size, known);
  if (rest.is_number()) return rest.number() != found;
  return rest.terms().size() == 1 && !value_said(rest, found, known);
}

bool fits(const Shape& declared, const std::vector<std::int64_t>& found, Values known) {
  if (declared.rank() != found.size()) return false;
  for (std::size_t axis = 0; axis < found.size(); ++axis) {
    const Size rest = substituted(declared[axis].size, known);
    if (!is_plausible(found[axis]) || contradicts(rest, found[axis], known)) return false;
    if (const auto value = value_said(rest, found[axis], known)) known[rest.terms().front().first] = *value;
  }
  return true;
}

Size substituted(const Size& size, const Values& known) {
  if (size.is_number() || known.empty()) return size;
  Size out = size.constant();
  for (const auto& [symbol, factor] : size.terms()) {
    const auto value = known.find(symbol);
    out = out + factor * (value == known.end() ? Size(symbol) : Size(value->second));
  }
  return out;
}

Shape substituted(const Shape& shape, const Values& known) {
  Shape out = shape;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis)
    out[axis].size = substituted(shape[axis].size, known);
  return out;
}

Solution solve(const std::vector<Claim>& claims) {
  std::set<std::size_t> voters;
  for (std::size_t claim = 0; claim < claims.size(); ++claim) {
    if (can_vote(claims[claim])) voters.insert(claim);
  }

  // Silence those with most tensors against them, and count again, until the rest agree.
  Solution solution;
  for (;;) {
    decide(claims, voters, solution);
    std::map<std::size_t, std::vector<std::size_t>> opposed;
    for (std::size_t voter : voters) {
      const std::size_t strength = opposition(claims[voter], solution);
      if (strength > 0) opposed[strength].push_back(voter);
    }
    if (opposed.empty()) break;
    for (std::size_t deviant : opposed.rbegin()->second) voters.erase(deviant);
  }

  for (std::size_t claim = 0; claim < claims.size(); ++claim) {
    if (claims[claim].tensor && !fits(claims[claim].declared, claims[claim].tensor->shape, solution.values)) {
      solution.misfits.push_back(claim);
    }
  }
  return solution;
}

}  // namespace nightingale

#include "tensor/fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include "base/failure.hpp"

namespace nightingale {

namespace {

using Term = std::pair<Symbol, std::int64_t>;
using Terms = std::vector<Term>;

std::int64_t magnitude(std::int64_t number) {
  return number < 0 ? -number : number;
}

// Writes formulas; with lengths, their values stand in place of the symbols.
class Speller {
 public:
  explicit Speller(const Lengths* lengths)
      : lengths_(lengths) {}

  std::string formula(const Size& size) const {
    if (size.is_number()) return size.text();
    std::string out = sum(size.terms());
    if (size.constant() != 0) append(out, size.constant(), "");
    return out;
  }

 private:
  std::string name(const Symbol& symbol) const {
    if (lengths_ != nullptr) {
      if (const Lengths::Known* known = lengths_->find(symbol)) return std::to_string(known->value);
      if (symbol.known()) return std::to_string(symbol.value());
    }
    return symbol.name();
  }

  static void append(std::string& out, std::int64_t factor, const std::string& rest) {
    if (factor < 0) {
      out += out.empty() ? "−" : " − ";
    } else if (!out.empty()) {
      out += " + ";
    }
    const std::int64_t size = magnitude(factor);
    if (rest.empty() || size != 1) out += std::to_string(size) + (rest.empty() ? "" : "·");
    out += rest;
  }

  // A factor that all terms share goes in front of everything, one that some share in front of those.
  std::string sum(const Terms& terms) const {
    std::int64_t common = 0;
    for (const Term& term : terms) common = std::gcd(common, term.second);
    if (common > 1 && terms.size() > 1) {
      Terms inner = terms;
      for (Term& term : inner) term.second /= common;
      return fmt::format("{}·({})", common, sum(inner));
    }
    std::string out;
    for (auto first = terms.begin(); first != terms.end(); ++first) {
      const auto same = [&](const Term& term) { return term.second == first->second; };
      if (std::any_of(terms.begin(), first, same)) continue;  // already written with its group
      std::string group = name(first->first);
      if (magnitude(first->second) > 1 && std::count_if(terms.begin(), terms.end(), same) > 1) {
        for (auto next = first + 1; next != terms.end(); ++next) {
          if (same(*next)) group += " + " + name(next->first);
        }
        append(out, first->second, "(" + group + ")");
      } else {
        for (auto next = first; next != terms.end(); ++next) {
          if (same(*next)) append(out, next->second, name(next->first));
        }
      }
    }
    return out;
  }

  const Lengths* lengths_;
};

Size formula_of(std::int64_t constant, const Terms& terms) {
  Size out = constant;
  for (const auto& [symbol, factor] : terms) out = out + factor * Size(symbol);
  return out;
}

// The declared formula without the terms whose bit is set.
struct Parts {
  Size kept;
  std::vector<Symbol> left_out;
};
Parts without(const Size& declared, unsigned mask) {
  Terms kept;
  Parts parts;
  for (std::size_t i = 0; i < declared.terms().size(); ++i) {
    const Term& term = declared.terms()[i];
    if (mask >> i & 1U) {
      parts.left_out.push_back(term.first);
    } else {
      kept.push_back(term);
    }
  }
  parts.kept = formula_of(declared.constant(), kept);
  return parts;
}

// A formula of more terms is not searched: none of the house has more than three.
constexpr std::size_t most_terms = 6;

// The declared formula that lost some of its terms, the fewest first, or from which a known length was cut.
std::optional<Relation> find_left_out(const Size& found, const Size& declared, const Lengths& lengths) {
  const std::size_t count = declared.terms().size();
  if (count <= most_terms) {
    for (int dropped = 1; dropped < static_cast<int>(count); ++dropped) {
      for (unsigned mask = 1; mask + 1 < 1U << count; ++mask) {
        if (std::popcount(mask) != dropped) continue;
        Parts parts = without(declared, mask);
        if (parts.kept.at(lengths) == found) {
          return Relation{Relation::Kind::leaves_out, std::move(parts.left_out), parts.kept, 0};
        }
      }
    }
  }
  for (const Lengths::Known& known : lengths.all()) {
    const Size cut = declared - Size(known.symbol);
    if (known.value > 0 && cut.terms().size() > count && cut.at(lengths) == found) {
      return Relation{Relation::Kind::leaves_out, {known.symbol}, cut, 0};
    }
  }
  // In the proof run: what is missing stands in the difference of the formulas.
  const Size missing = declared.at(lengths) - found;
  if (missing.is_number() || missing.constant() != 0) return std::nullopt;
  std::vector<Symbol> symbols;
  for (const auto& [symbol, factor] : missing.terms()) {
    if (factor < 0 || found.is_number()) return std::nullopt;
    symbols.push_back(symbol);
  }
  return Relation{Relation::Kind::leaves_out, std::move(symbols), found, 0};
}

}  // namespace

std::string factored(const Size& formula) {
  return Speller(nullptr).formula(formula);
}

std::string evaluated(const Size& formula, const Lengths& lengths) {
  return Speller(&lengths).formula(formula);
}

std::string values_of(const Size& formula, const Lengths& lengths) {
  std::string out;
  for (const auto& [symbol, factor] : formula.terms()) {
    const Lengths::Known* known = lengths.find(symbol);
    if (known == nullptr && !symbol.known()) continue;
    out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", symbol.name(),
                       known ? known->value : symbol.value());
  }
  return out;
}

bool holds_what_was_cut(const Relation& relation, const Size& declared) {
  if (relation.kind != Relation::Kind::leaves_out) return false;
  return std::all_of(relation.missing.begin(), relation.missing.end(), [&](const Symbol& symbol) {
    const auto& terms = declared.terms();
    return std::any_of(terms.begin(), terms.end(),
                       [&](const Term& term) { return term.first == symbol && term.second < 0; });
  });
}

Relation relate(const Size& found, const Size& declared, const Lengths& lengths) {
  using Kind = Relation::Kind;
  const Size is = found.at(lengths);
  const Size expected = declared.at(lengths);
  if (is == expected) return {Kind::equal, {}, declared, 0};
  if (auto left_out = find_left_out(is, declared, lengths)) return *left_out;
  if (2 * is == expected) return {Kind::half, {}, declared.divided(2), 0};
  if (is == 2 * expected) return {Kind::twice, {}, 2 * declared, 0};
  if (is == 2 * expected - 1) return {Kind::relative, {}, 2 * declared - 1, 0};
  const Size difference = is - expected;
  if (!difference.is_number()) return {Kind::other, {}, std::nullopt, 0};
  return {Kind::offset, {}, std::nullopt, difference.number()};
}

std::string words_of(const std::vector<Symbol>& symbols) {
  std::string out;
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    if (i > 0) out += i + 1 == symbols.size() ? " and " : ", ";
    out += "the " + symbols[i].name();
  }
  return out;
}

std::string text_of(const Relation& relation, const Size& found, const Size& declared,
                    const Lengths& lengths) {
  const std::string is = factored(found.at(lengths));
  const std::string expected = factored(declared.at(lengths));
  switch (relation.kind) {
    case Relation::Kind::equal: return fmt::format("{} is {}", is, expected);
    case Relation::Kind::leaves_out:
      if (holds_what_was_cut(relation, declared)) {
        return fmt::format("{} still holds {}, {} does not", is, words_of(relation.missing), expected);
      }
      return fmt::format("{} leaves {} out, {} has {}", is, words_of(relation.missing), expected,
                         relation.missing.size() == 1 ? "it" : "them");
    case Relation::Kind::half: return fmt::format("{} is half of {}", is, expected);
    case Relation::Kind::twice: return fmt::format("{} is twice {}", is, expected);
    case Relation::Kind::relative:
      return fmt::format("{} is 2·{} − 1, the rows of a table of relative positions", is, expected);
    case Relation::Kind::offset:
      return fmt::format("{} is {} {} than {}", is, magnitude(relation.offset),
                         relation.offset > 0 ? "more" : "less", expected);
    case Relation::Kind::other: break;
  }
  return fmt::format("{} is not {}", is, expected);
}

std::optional<Fit> fit(std::int64_t number, const Axis& axis, const Lengths& lengths) {
  if (axis.size.is_number()) {
    return axis.size.number() == number ? std::optional(Fit{Fit::Kind::fact, 0, ""}) : std::nullopt;
  }
  const Size left = axis.size.at(lengths);
  if (left.is_number()) {
    return left.number() == number ? std::optional(Fit{Fit::Kind::known, 0, ""}) : std::nullopt;
  }
  // Unknown lengths of one common factor: their sum is what the number leaves for them.
  const std::int64_t factor = left.terms().front().second;
  std::string unknowns;
  for (const auto& [symbol, own_factor] : left.terms()) {
    if (own_factor != factor) return std::nullopt;
    unknowns += (unknowns.empty() ? "" : " + ") + symbol.name();
  }
  const std::int64_t rest = number - left.constant();
  if (rest % factor != 0 || rest / factor < static_cast<std::int64_t>(left.terms().size())) return {};
  return Fit{Fit::Kind::solved, 0, fmt::format("{} = {}", unknowns, rest / factor)};
}

std::vector<Fit> fits(std::int64_t number, std::span<const Axis> vocabulary, const Lengths& lengths) {
  std::vector<Fit> out;
  for (std::size_t word = 0; word < vocabulary.size(); ++word) {
    if (auto found = fit(number, vocabulary[word], lengths)) {
      found->word = word;
      out.push_back(std::move(*found));
    }
  }
  return out;
}

std::string text_of(const Fit& fit, std::int64_t number, const Size& formula, const Lengths& lengths) {
  const std::string symbols = factored(formula);
  switch (fit.kind) {
    case Fit::Kind::fact: break;
    case Fit::Kind::known: {
      const std::string values = evaluated(formula, lengths);
      if (values == std::to_string(number)) return fmt::format("{} = {}", number, symbols);
      return fmt::format("{} = {} = {}", number, values, symbols);
    }
    case Fit::Kind::solved:
      // "speech with speech = 64" says it twice.
      if (fit.condition == fmt::format("{} = {}", symbols, number)) return fit.condition;
      return fmt::format("{} = {} with {}", number, symbols, fit.condition);
  }
  return std::to_string(number);
}

namespace {

// How well a number fits an axis. A size that is certain counts for more than one that a free length allows;
// a batch is nearly always 1, or 2 for the two branches of guidance.
int fitness(std::int64_t number, const Axis& axis, const Lengths& lengths) {
  constexpr int certain = 12, lost_a_term = 9, allowed = 5, free_length = 3;
  if (axis.name == Name("batch") && !axis.size.is_number()) return number == 1 ? 8 : number == 2 ? 4 : 1;
  if (const auto found = fit(number, axis, lengths)) {
    if (found->kind != Fit::Kind::solved) return number == 1 ? allowed : certain;
    return axis.size.terms().size() == 1 ? free_length : allowed;
  }
  if (axis.size.is_number()) return 0;
  return relate(number, axis.size, lengths).kind == Relation::Kind::leaves_out ? lost_a_term : 0;
}

}  // namespace

Naming best_naming(std::span<const std::int64_t> numbers, const Shape& declared, const Lengths& lengths) {
  constexpr std::size_t most = Shape::most_axes;
  const std::size_t count = std::max(numbers.size(), declared.rank());
  std::array<std::array<int, most>, most> table{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    for (std::size_t k = 0; k < declared.rank(); ++k) table[i][k] = fitness(numbers[i], declared[k], lengths);
  }
  // All orders are tried (at most 120); the declared one wins a tie, since it comes first.
  std::array<std::size_t, most> order{}, best{};
  std::iota(order.begin(), order.end(), 0U);
  int best_score = -1;
  do {
    int score = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) score += table[i][order[i]];
    if (score > best_score) {
      best_score = score;
      best = order;
    }
  } while (std::next_permutation(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count)));

  Naming naming{{}, best_score};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    naming.shape.append({best[i] < declared.rank() ? declared[best[i]].name : Name("?"), numbers[i]});
  }
  return naming;
}

Shape name_axes(std::span<const std::int64_t> numbers, const Shape& declared, const Lengths& lengths) {
  if (numbers.size() > Shape::most_axes) {
    fail(ErrorCode::shape_mismatch,
         fmt::format("a tensor of {} axes was given where {} belongs", numbers.size(), declared.formula()),
         "give a tensor of these axes");
  }
  return best_naming(numbers, declared, lengths).shape;
}

}  // namespace nightingale

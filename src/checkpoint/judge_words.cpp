#include "checkpoint/judge_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "checkpoint/judge_causes.hpp"

namespace nightingale {
namespace {

// Witnesses named in full; of more only the nearest is named and the rest are counted.
constexpr std::size_t most_named = 3;

std::size_t dots_in(const std::string& name) {
  return static_cast<std::size_t>(std::count(name.begin(), name.end(), '.'));
}

// "w_1.bias" for "flow.encoder.encoders.4.feed_forward.w_1.bias".
std::string last_two_components(const std::string& name) {
  return name.substr(name.rfind('.', name.rfind('.') - 1) + 1);
}

// Whether one of the tensor's axes says that `symbol` is `value`, all other symbols being known.
bool says(const Claim& claim, const Symbol& symbol, std::int64_t value, const Values& others) {
  if (claim.declared.rank() != claim.tensor->shape.size()) return false;
  for (std::size_t axis = 0; axis < claim.declared.rank(); ++axis) {
    const Size rest = substituted(claim.declared[axis].size, others);
    if (rest.is_number() || !(rest.terms().front().first == symbol)) continue;
    if (value_said(rest, claim.tensor->shape[axis], {}) == value) return true;
  }
  return false;
}

// "only this tensor says 1024", "this tensor and 2 others say 1024", "no head makes 1023".
std::string dissent(const Binding::Record& record, const Claim& misfit, std::size_t axis,
                    const Symbol& symbol) {
  const std::int64_t found = misfit.tensor->shape[axis];
  Values others = record.solution.values;
  others.erase(symbol);
  const auto said = value_said(misfit.declared[axis].size, found, others);
  if (!said) return fmt::format("no {} makes {}", symbol.name(), found);

  std::size_t alike = 0;
  for (std::size_t index : record.solution.misfits) {
    const Claim& other = record.claims[index];
    if (&other != &misfit && says(other, symbol, *said, others)) ++alike;
  }
  if (alike == 0) return fmt::format("only this tensor says {}", *said);
  return fmt::format("this tensor and {} say {}", counted(alike, "other"), *said);
}

}  // namespace

std::string counted(std::size_t count, const std::string& thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

std::string listed(const std::vector<std::string>& things, const std::string& rest) {
  std::string out;
  for (std::size_t i = 0; i < things.size(); ++i) {
    const bool last = i + 1 == things.size() && rest.empty();
    out += (i == 0 ? "" : last ? " and " : ", ") + things[i];
  }
  return rest.empty() ? out : out + " and " + rest;
}

std::string subject_of(const Claim& claim) {
  if (claim.scope.empty()) return claim.name;
  std::string place;
  for (char letter : claim.scope) place += letter == '.' ? std::string(" › ") : std::string(1, letter);
  return fmt::format("{}  ({})", claim.name, place);
}

std::string expected_of(const Binding::Record& record, const Claim& claim) {
  Values known = record.solution.values;
  // A transposed tensor may be the only one to know a size.
  const auto order = claim.tensor ? fitting_order(claim.declared, claim.tensor->shape, known) : std::nullopt;
  for (std::size_t place = 0; order && place < order->size(); ++place) {
    const Size rest = substituted(claim.declared[(*order)[place]].size, known);
    const auto value = value_said(rest, claim.tensor->shape[place], {});
    if (value) known[rest.terms().front().first] = *value;
  }
  return substituted(claim.declared, known).formula();
}

std::string witnesses(const Binding::Record& record, const Symbol& symbol, std::int64_t value,
                      const std::string& near) {
  std::vector<std::string> names;
  for (std::size_t claim : record.solution.said.at(symbol).at(value)) {
    names.push_back(record.claims[claim].name);
  }
  std::stable_sort(names.begin(), names.end(), [&](const std::string& left, const std::string& right) {
    return shared_components(left, near) > shared_components(right, near);
  });
  const std::size_t rest = names.size() <= most_named ? 0 : names.size() - 1;
  names.resize(names.size() - rest);
  for (std::string& name : names) {
    const bool beside = shared_components(name, near) + 1 >= dots_in(name);
    if (beside && dots_in(name) >= 2) name = last_two_components(name);
  }
  if (rest == 0) return listed(names);
  return listed(names, fmt::format("{} more", rest));
}

std::string reason(const Binding::Record& record, const Claim& misfit, std::size_t axis) {
  const std::string name(misfit.declared[axis].name.text());
  const Size& size = misfit.declared[axis].size;
  if (size.is_number()) return fmt::format("{} is always {}", name, size.text());

  std::string out;
  // "query = 64·head, " or, when a plain symbol has another name than its axis, "in = ".
  const bool plain = size == Size(size.terms().front().first);
  if (!plain) out = fmt::format("{} = {}", name, size.text());
  for (const auto& [symbol, factor] : size.terms()) {
    const auto value = record.solution.values.find(symbol);
    if (value == record.solution.values.end()) continue;
    if (!out.empty()) out += ", ";
    if (plain && name != symbol.name()) out += name + " = ";
    const std::size_t sayers = record.solution.said.at(symbol).at(value->second).size();
    out += fmt::format("{} = {} {} {}; {}", record.full_name(symbol), value->second,
                       sayers == 1 ? "says" : "say", witnesses(record, symbol, value->second, misfit.name),
                       dissent(record, misfit, axis, symbol));
  }
  return out;
}

}  // namespace nightingale

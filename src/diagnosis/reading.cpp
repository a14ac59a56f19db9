#include "diagnosis/reading.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tensor/fit.hpp"

namespace nightingale {

namespace {

constexpr Name batch_name = "batch";
constexpr std::int64_t samples_a_frame = 480;  // 24 000 samples and 50 frames a second

// A number that can be nothing else with what is known: it makes the whole reading believable.
bool is_certain(const Axis& found, const Axis& declared, const Lengths& lengths) {
  if (found.size.number() == 1) return false;
  if (const auto fitting = fit(found.size.number(), declared, lengths))
    return fitting->kind != Fit::Kind::solved;
  return !declared.size.is_number() &&
         relate(found.size, declared.size, lengths).kind == Relation::Kind::leaves_out;
}

Shape without_batch(const Shape& shape) {
  Shape out;
  for (const Axis& axis : shape) {
    if (axis.name != batch_name) out.append(axis);
  }
  return out;
}

}  // namespace

bool Reading::reordered() const {
  return place != nullptr && names() != names_of(declared);
}

std::string Reading::names() const {
  return names_of(axes);
}

std::string Reading::layout() const {
  if (place == nullptr || axes.rank() != 3) return names();
  if (axes[2].name == declared.back().name) return "channels-last";
  return axes[1].name == declared.back().name ? "channels-first" : names();
}

Reading read_shape(const Numbers& numbers, const Lexicon& lexicon, const Lengths& lengths) {
  Reading best{numbers, {}, {}, nullptr};
  int best_score = -1;
  for (const Place& place : lexicon.places) {
    for (const Shape& declared : {place.shape, without_batch(place.shape)}) {
      if (declared.rank() != numbers.size()) continue;
      const Naming naming = best_naming(numbers, declared, lengths);
      const bool certain = std::any_of(naming.shape.begin(), naming.shape.end(), [&](const Axis& axis) {
        return axis.name != batch_name && is_certain(axis, declared[*declared.find(axis.name)], lengths);
      });
      if (!certain || naming.score <= best_score) continue;
      best_score = naming.score;
      best = {numbers, naming.shape, declared, &place};
    }
  }
  if (best.place != nullptr) return best;
  for (const std::int64_t number : numbers) best.axes.append({"?", number});
  return best;
}

const Axis* declared_axis(const Reading& reading, Name name) {
  const auto index = reading.declared.find(name);
  return index ? &reading.declared[*index] : nullptr;
}

std::string formulas_of(const Reading& reading, const Lengths& lengths) {
  std::string out;
  for (const Axis& axis : reading.axes) {
    const Axis* declared = declared_axis(reading, axis.name);
    if (declared == nullptr || declared->size.is_number() || axis.name == batch_name) continue;
    const Relation relation = relate(axis.size, declared->size, lengths);
    if (relation.kind != Relation::Kind::equal && relation.kind != Relation::Kind::leaves_out) continue;
    const std::string text =
        text_of({Fit::Kind::known, 0, ""}, axis.size.number(), *relation.formula, lengths);
    out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", axis.name.text(), text);
    const std::int64_t number = axis.size.number();
    if (axis.name == Name("sample") && number % samples_a_frame == 0) {
      out += fmt::format(", {}·{} frames", samples_a_frame, number / samples_a_frame);
    }
  }
  return out;
}

std::string names_of(const Shape& shape) {
  std::string out;
  for (const Axis& axis : shape) out += fmt::format("{}{}", out.empty() ? "" : ", ", axis.name.text());
  return "[" + out + "]";
}

}  // namespace nightingale

#include "diagnosis/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/failure.hpp"
#include "diagnosis/differences.hpp"
#include "diagnosis/reading.hpp"
#include "tensor/fit.hpp"

namespace nightingale {

namespace {

constexpr Name batch_name = "batch";

// "frame = 2·speech with speech = 32"; what the number is stands in the line above.
std::string reading_text(const Fit& found, std::int64_t number, const Axis& axis, const Lengths& lengths) {
  const std::string name(axis.name.text());
  const std::string formula = factored(axis.size);
  switch (found.kind) {
    case Fit::Kind::fact: return fmt::format("{} {}", name, number);
    case Fit::Kind::known:
      return formula == name ? name
                             : fmt::format("{} = {} = {}", name, evaluated(axis.size, lengths), formula);
    case Fit::Kind::solved: break;
  }
  return formula == name ? found.condition : fmt::format("{} = {} with {}", name, formula, found.condition);
}

// Whether the word is asked about a number on this axis: facts always, lengths when they count the same.
// Beside a channel of the encoder a row may be a token or a frame.
bool concerns(const Word& word, Name axis) {
  if (word.axis.size.is_number() || word.axis.name == axis) return true;
  return axis == Name("token") && word.axis.name == Name("frame");
}

// Every word that can be the number. When the reading named its axis, the words of that axis; when none of
// them fits, what else it certainly is.
Explanation::Candidates candidates_for(std::int64_t number, Name axis, const Lexicon& lexicon,
                                       const Lengths& lengths) {
  const bool named = axis != Name("?");
  Explanation::Candidates close{number, {}, {}}, far = close;
  for (const Word& word : lexicon.words) {
    const auto found = fit(number, word.axis, lengths);
    if (!found) continue;
    const bool near = !named || concerns(word, axis);
    if (!near && found->kind == Fit::Kind::solved) continue;
    Explanation::Candidates& list = near ? close : far;
    list.readings.push_back(reading_text(*found, number, word.axis, lengths));
    list.meanings.emplace_back(word.meaning);
  }
  return close.readings.empty() ? far : close;
}

// The numbers that the readings leave open.
std::vector<Explanation::Candidates> open_numbers(const std::vector<Reading>& readings,
                                                  const Lexicon& lexicon, const Lengths& lengths) {
  std::vector<Explanation::Candidates> out;
  for (const Reading& reading : readings) {
    for (const Axis& axis : reading.axes) {
      const std::int64_t number = axis.size.number();
      const Axis* declared = declared_axis(reading, axis.name);
      if (axis.name == batch_name || (number == 1 && reading.axes.rank() > 1)) continue;
      if (declared != nullptr) {
        const Relation::Kind kind = relate(number, declared->size, lengths).kind;
        if (kind == Relation::Kind::equal || kind == Relation::Kind::leaves_out) continue;
      }
      const auto same = [&](const Explanation::Candidates& other) { return other.number == number; };
      if (std::none_of(out.begin(), out.end(), same)) {
        out.push_back(candidates_for(number, axis.name, lexicon, lengths));
      }
    }
  }
  return out;
}

Explanation::Line line_of(const Reading& reading, const Lengths& lengths) {
  const bool read = reading.place != nullptr;
  return {written(reading.numbers), read ? reading.axes.text() : "", formulas_of(reading, lengths),
          read ? std::string(reading.place->name) : ""};
}

// The rival that every frame is taken for: a table of relative positions has 2·n − 1 rows, an odd number.
void add_rival(std::vector<Explanation::Finding>& findings, const std::vector<Reading>& readings) {
  std::int64_t largest = 0;
  for (const Reading& reading : readings) {
    const auto frame = reading.place != nullptr ? reading.axes.find("frame") : std::nullopt;
    if (frame) largest = std::max(largest, reading.axes.count(*frame));
  }
  if (largest < 2 || largest % 2 != 0) return;
  findings.push_back({"not", fmt::format("{} is not 2·{} − 1 = {}, the rows of a table of relative positions",
                                         largest, largest / 2, largest - 1)});
}

std::string verdict_of(const std::vector<Reading>& readings, bool conflict) {
  const auto unread =
      std::find_if(readings.begin(), readings.end(), [](const Reading& r) { return !r.place; });
  if (conflict) return "these do not belong together";
  if (unread != readings.end()) {
    return fmt::format("nothing in {} is certain", written(unread->numbers));
  }
  if (readings.size() == 1) return fmt::format("{} is read so", written(readings.front().numbers));
  return "nothing wrong between these";
}

// People compare a handful of tensors; a page pasted by mistake would be compared pair by pair.
constexpr std::size_t most_shapes = 9;

void check(const std::vector<Numbers>& shapes) {
  if (shapes.empty() || shapes.size() > most_shapes) {
    fail(ErrorCode::option_invalid, fmt::format("{} shapes were given", shapes.size()),
         fmt::format("give one to {}", most_shapes));
  }
  for (const Numbers& shape : shapes) {
    if (!shape.empty() && shape.size() <= Shape::most_axes) continue;
    fail(ErrorCode::option_invalid, fmt::format("{} has {} axes", written(shape), shape.size()),
         fmt::format("give shapes of one to {} axes", Shape::most_axes));
  }
}

}  // namespace

Explanation explain(const std::vector<Numbers>& shapes, const Hints& hints) {
  check(shapes);
  const Lexicon lexicon(hints);
  std::vector<Reading> readings;
  for (const Numbers& shape : shapes) readings.push_back(read_shape(shape, lexicon, hints.lengths));

  Explanation out;
  Differences differences = find_differences(readings, hints.lengths);
  const bool conflict = !differences.findings.empty();
  for (const Reading& reading : readings) out.lines.push_back(line_of(reading, hints.lengths));
  out.candidates = open_numbers(readings, lexicon, hints.lengths);
  out.findings = std::move(differences.findings);
  if (conflict) add_rival(out.findings, readings);
  out.verdict = verdict_of(readings, conflict);
  out.agree = out.verdict == "nothing wrong between these";
  for (const std::string& fix : differences.fixes) out.fix += (out.fix.empty() ? "" : "; ") + fix;
  if (!out.candidates.empty() && out.fix.empty() && hints.lengths.all().empty()) {
    out.fix = "say what you know with --prompt, --speech and --text, or with --reference DIR";
  }
  out.known = hints.lengths.text();
  return out;
}

}  // namespace nightingale

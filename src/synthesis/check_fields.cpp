// Every number of a request within the range of its field.
#include <fmt/format.h>

#include <optional>

#include "base/failure.hpp"
#include "synthesis/pipeline.hpp"

namespace nightingale {

namespace {

template <typename AnyRequest>
void check_all_fields(const AnyRequest& request) {
  std::vector<Fact> faults;
  visit_fields(request, [&](const Field& field, const auto& value) {
    const std::optional<double> number = value;
    if (!number || (*number >= field.least && *number <= field.most)) return;
    faults.push_back(
        {std::string(field.name),
         fmt::format("{}", *number),
         fmt::format("{} to {}{}{}", field.least, field.most, field.unit.empty() ? "" : " ", field.unit),
         {}});
  });
  if (faults.empty()) return;
  const std::string sentence = fmt::format("{} = {} is out of range: {}", faults.front().subject,
                                           faults.front().found, faults.front().expected);
  throw Failure({ErrorCode::option_invalid, sentence, faults.size() > 1 ? faults : std::vector<Fact>{}, {}});
}

}  // namespace

void check_fields(const Request& request) {
  check_all_fields(request);
}

void check_fields(const ConvertRequest& request) {
  check_all_fields(request);
}

}  // namespace nightingale

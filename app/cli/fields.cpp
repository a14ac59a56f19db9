#include "cli/fields.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

namespace nightingale::cli {

namespace {

std::string default_of(const std::optional<double>& value) {
  return value ? fmt::format(", default {}", *value) : "";
}

template <typename AnyRequest>
void add_all_fields(CLI::App& verb, AnyRequest& request) {
  visit_fields(request, [&verb](const Field& field, auto& member) {
    const std::string range = fmt::format("{} to {}{}{}{}", field.least, field.most,
                                          field.unit.empty() ? "" : " ", field.unit, default_of(member));
    // The range is checked by the library, which says so in its own words.
    verb.add_option(flag_of(field.name), member, fmt::format("{} ({})", field.help, range))
        ->type_name(field.unit.empty() ? "N" : std::string(field.unit))
        ->take_last()
        ->group("Sampling");
  });
}

}  // namespace

std::string flag_of(std::string_view field) {
  std::string flag = "--" + std::string(field);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

void add_fields(CLI::App& verb, Request& request) {
  add_all_fields(verb, request);
}

void add_fields(CLI::App& verb, ConvertRequest& request) {
  add_all_fields(verb, request);
}

}  // namespace nightingale::cli

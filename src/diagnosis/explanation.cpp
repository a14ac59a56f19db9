// An explanation as text for people and as JSON for programs.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/columns.hpp"
#include "diagnosis/explain.hpp"

namespace nightingale {

namespace {

void append_lines(std::string& out, const std::vector<std::vector<std::string>>& rows,
                  std::string_view indent) {
  for (const std::string& line : in_columns(rows)) out += fmt::format("\n{}{}", indent, line);
}

}  // namespace

std::string Explanation::text() const {
  std::string out = verdict;
  std::vector<std::vector<std::string>> rows;
  for (const Line& line : lines) {
    if (lines.size() > 1 || !line.axes.empty()) rows.push_back({line.shape, line.axes, line.place});
  }
  append_lines(out, rows, "  ");
  // The formulas below the table keep it narrow; equal shapes have one formula.
  rows.clear();
  for (const Line& line : lines) {
    const std::vector<std::string> row{line.formula};
    if (!line.formula.empty() && std::find(rows.begin(), rows.end(), row) == rows.end()) rows.push_back(row);
  }
  append_lines(out, rows, "  ");
  rows.clear();
  for (const Finding& finding : findings) rows.push_back({finding.subject + ":", finding.text});
  append_lines(out, rows, "  ");
  for (const Candidates& candidate : candidates) {
    out += fmt::format("\n  {} {}", candidate.number,
                       candidate.readings.empty() ? "fits no length and no size of Chatterbox" : "may be");
    rows.clear();
    for (std::size_t i = 0; i < candidate.readings.size(); ++i) {
      rows.push_back({candidate.readings[i], candidate.meanings[i]});
    }
    append_lines(out, rows, "    ");
  }
  if (!fix.empty()) out += "\nfix: " + fix;
  if (!known.empty()) out += "\nknown: " + known;
  return out;
}

nlohmann::json Explanation::json() const {
  nlohmann::json out = {{"verdict", verdict},
                        {"agree", agree},
                        {"shapes", nlohmann::json::array()},
                        {"findings", nlohmann::json::array()},
                        {"candidates", nlohmann::json::array()},
                        {"fix", fix},
                        {"known", known}};
  for (const Line& line : lines) {
    out["shapes"].push_back(
        {{"shape", line.shape}, {"axes", line.axes}, {"formula", line.formula}, {"place", line.place}});
  }
  for (const Finding& finding : findings) {
    out["findings"].push_back({{"subject", finding.subject}, {"text", finding.text}});
  }
  for (const Candidates& candidate : candidates) {
    nlohmann::json readings = nlohmann::json::array();
    for (std::size_t i = 0; i < candidate.readings.size(); ++i) {
      readings.push_back({{"reading", candidate.readings[i]}, {"meaning", candidate.meanings[i]}});
    }
    out["candidates"].push_back({{"number", candidate.number}, {"readings", std::move(readings)}});
  }
  return out;
}

}  // namespace nightingale

#include "cli/say.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

#include "cli/verbs.hpp"

namespace nightingale::cli {

bool print(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  return written && std::fputc('\n', stdout) != EOF && std::fflush(stdout) == 0;
}

int complain(const Error& error) {
  fmt::print(stderr, "nightingale: {}\n", error.text());
  return error.code == ErrorCode::cancelled ? interrupted : at_fault;
}

int complain(const std::string& sentence, const std::string& fix) {
  return complain(Error{ErrorCode::option_invalid, sentence, {}, fix});
}

int show(const Result<Report>& report, bool as_json) {
  if (!report.ok()) return complain(report.error());
  if (!print(as_json ? report->json : report->text)) return complain("the output cannot be written");
  return report->ok ? done : at_fault;
}

bool on_terminal() {
  return ::isatty(STDERR_FILENO) == 1;
}

}  // namespace nightingale::cli

// What the tests of refusals share: the texts of tests/ops/refusals.txt, and what an attempt said.
#pragma once

#include <doctest/doctest.h>

#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/failure.hpp"
#include "close.hpp"
#include "ops/rules.hpp"

namespace nightingale::testing {

using Attempt = std::function<void()>;

// The sections of the golden file: "## title", then the text.
inline std::map<std::string, std::string> golden_texts() {
  std::ifstream file(NIGHTINGALE_SOURCE "/tests/ops/refusals.txt");
  REQUIRE(file);
  std::map<std::string, std::string> sections;
  std::string title;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) {
      title = line.substr(3);
    } else if (!title.empty() && !line.empty()) {
      sections[title] += line + "\n";
    }
  }
  return sections;
}

inline std::string text_of(const Attempt& attempt) {
  try {
    attempt();
  } catch (const Failure& failure) {
    CHECK(failure.error().code == ErrorCode::shape_mismatch);
    return failure.error().text() + "\n";
  }
  return "nothing was refused\n";
}

inline void check_texts(const std::vector<std::pair<std::string, Attempt>>& attempts) {
  const auto expected = golden_texts();
  for (const auto& [title, attempt] : attempts) {
    CAPTURE(title);
    const auto section = expected.find(title);
    CHECK(text_of(attempt) == (section == expected.end() ? "" : section->second));
  }
}

inline Tensor made(const Shape& shape, Name origin = "", Type type = Type::f32) {
  return Tensor(shape, type, nullptr, nullptr).from(origin);
}
inline Weight declared(const char* path, const Shape& shape) {
  return weight_of(path, shape, {});
}

}  // namespace nightingale::testing

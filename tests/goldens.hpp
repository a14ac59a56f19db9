// Where tests find what another implementation computed: tests/goldens in the repository, and the folder
// `shared` beside it, which need not be there.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

namespace nightingale::test {

// A path below tests/goldens. Goldens that do not say how they were made, and why they may differ by how
// much, are refused.
inline std::string golden(const std::string& path) {
  const std::string folder = NIGHTINGALE_SOURCE "/tests/goldens/";
  std::ifstream file(folder + "provenance.json");
  REQUIRE_MESSAGE(file, "goldens without provenance.json");
  const auto provenance = nlohmann::json::parse(file);
  for (const char* said : {"script", "commands", "packages", "upstream", "date", "tolerance"}) {
    REQUIRE_MESSAGE(provenance.contains(said), "the goldens' provenance does not say: " << said);
  }
  REQUIRE_MESSAGE(std::filesystem::exists(folder + path), path << " is not among the goldens");
  return folder + path;
}

// A path below ../shared, or nothing when it is not there; the test then says that it was skipped.
inline std::string shared_path(const std::string& path) {
  const std::string full = NIGHTINGALE_SOURCE "/../shared/" + path;
  if (std::filesystem::exists(full)) return full;
  std::cout << "skipped: there is no " << path << " beside the repository\n";
  return {};
}

}  // namespace nightingale::test

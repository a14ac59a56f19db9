// The cases of tests/goldens/ops.json, which tools/make_op_goldens.py makes with PyTorch.
#pragma once

#include <doctest/doctest.h>

#include <fstream>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "close.hpp"
#include "ops/ops.hpp"

namespace nightingale::testing {

// One case: operands by name, read under the axes that the test gives them, and what is expected.
class Golden {
 public:
  explicit Golden(const std::string& name) {
    static const nlohmann::json all = read();
    for (const auto& one : all.at("cases")) {
      if (one.at("case") == name) case_ = one;
    }
    REQUIRE_MESSAGE(!case_.is_null(), "no golden case " << name);
  }

  Tensor tensor(Ops& op, const std::string& operand, std::initializer_list<Name> axes) const {
    return op.write(shape(given(operand), axes), values<float>(operand));
  }
  Tensor ids(Ops& op, const std::string& operand, std::initializer_list<Name> axes) const {
    return op.write_ids(shape(given(operand), axes), values<std::int32_t>(operand));
  }
  Weight weight(const std::string& operand, std::initializer_list<Name> axes) const {
    return weight_of("golden." + operand, shape(given(operand), axes), values<float>(operand));
  }
  template <typename Number>
  std::vector<Number> values(const std::string& operand) const {
    return given(operand).at("values").get<std::vector<Number>>();
  }
  std::vector<double> expected() const {
    return case_.at("expected").at("values").get<std::vector<double>>();
  }
  Shape expected_shape(std::initializer_list<Name> axes) const { return shape(case_.at("expected"), axes); }
  template <typename Value>
  Value option(const std::string& name) const {
    return case_.at("options").at(name).get<Value>();
  }

 private:
  static nlohmann::json read() {
    std::ifstream file(NIGHTINGALE_SOURCE "/tests/goldens/ops.json");
    REQUIRE(file);
    nlohmann::json content = nlohmann::json::parse(file);
    REQUIRE(content.contains("provenance"));
    return content;
  }
  static Shape shape(const nlohmann::json& stored, std::initializer_list<Name> axes) {
    REQUIRE(stored.at("shape").size() == axes.size());
    Shape out;
    for (const Name name : axes) {
      out.append({name, Size(stored.at("shape").at(out.rank()).get<std::int64_t>())});
    }
    return out;
  }
  const nlohmann::json& given(const std::string& operand) const { return case_.at("given").at(operand); }

  nlohmann::json case_;
};

}  // namespace nightingale::testing

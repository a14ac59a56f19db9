// The words of an error: its text is read by people, the name of its code by programs.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "base/failure.hpp"
#include "nightingale/error.hpp"

using namespace nightingale;

namespace {

Error transposed_speaker() {
  Error error{ErrorCode::model_mismatch,
              "s3gen.safetensors does not fit the flow (1 problem)",
              {},
              "take upstream's file"};
  error.facts.push_back({"flow.speaker.weight", "[192, 80]", "[80, 192]", "looks transposed"});
  return error;
}

}  // namespace

TEST_CASE("error_text_names_found_expected_origin_and_fix_in_this_order") {
  CHECK(transposed_speaker().text() ==
        "s3gen.safetensors does not fit the flow (1 problem)\n"
        "  flow.speaker.weight\n"
        "      found     [192, 80]\n"
        "      expected  [80, 192]\n"
        "      because   looks transposed\n"
        "fix: take upstream's file");
}

TEST_CASE("error_text_leaves_out_what_is_not_known") {
  Error error{ErrorCode::model_missing, "no model", {}, {}};
  CHECK(error.text() == "no model");
  error.facts.push_back({"t3_cfg.safetensors", {}, "a file", {}});
  CHECK(error.text() == "no model\n  t3_cfg.safetensors\n      expected  a file");
}

TEST_CASE("error_codes_have_names_of_their_own") {
  std::set<std::string_view> names;
  const int last = static_cast<int>(ErrorCode::internal);
  for (int code = 0; code <= last; ++code) names.insert(name_of(static_cast<ErrorCode>(code)));
  CHECK(names.size() == static_cast<std::size_t>(last) + 1);
  CHECK(name_of(ErrorCode::model_mismatch) == "model_mismatch");
  CHECK(name_of(ErrorCode::shape_mismatch) == "shape_mismatch");
}

TEST_CASE("failure_carries_its_error_and_says_its_text") {
  try {
    fail(ErrorCode::text_invalid, "the text is empty", "give some words");
  } catch (const Failure& failure) {
    CHECK(failure.error().code == ErrorCode::text_invalid);
    CHECK(std::string(failure.what()) == "the text is empty\nfix: give some words");
    return;
  }
  FAIL("fail() returned");
}

TEST_CASE("result_holds_either_a_value_or_an_error") {
  const Result<int> good(3);
  CHECK(good.ok());
  CHECK(good.value() == 3);
  const Result<int> bad(transposed_speaker());
  CHECK(!bad);
  CHECK(bad.error().code == ErrorCode::model_mismatch);
}

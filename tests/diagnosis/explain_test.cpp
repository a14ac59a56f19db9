// The whole text of every explanation stands in tests/diagnosis/expected/*.txt, one file a case, reviewed
// like code: the question in the first line, the answer below.
#include "diagnosis/explain.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/failure.hpp"

namespace nightingale {
namespace {

const std::string expected_folder = NIGHTINGALE_SOURCE "/tests/diagnosis/expected/";
const std::string real_reference = NIGHTINGALE_SOURCE "/../shared/real/basic_greeting_en";

Hints hints(std::initializer_list<std::pair<const char*, std::int64_t>> lengths) {
  Hints out;
  for (const auto& [name, value] : lengths) out.set(name, value, std::string("--") + name);
  return out;
}

// The question as one line, then the answer.
std::string asked(const std::string& question, const Hints& given) {
  return "? " + question + "\n" + explain(shapes_in(question), given).text() + "\n";
}

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  REQUIRE_MESSAGE(file.good(), "cannot read ", path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string expected(const std::string& name) {
  return read_text(expected_folder + name + ".txt");
}

// The mission's own case.
Hints known() {
  return hints({{"prompt", 250}, {"speech", 32}});
}

TEST_CASE("explain_names_the_prompt_that_was_lost_and_the_order_that_was_swapped") {
  CHECK(asked("(1,80,64) (1,564,80)", known()) == expected("decoder"));
  CHECK(asked("Shapes (1,80,64) and (1,564,80) cannot be broadcast.", known()) == expected("decoder_pasted"));
}

TEST_CASE("explain_lists_candidates_when_nothing_is_known") {
  CHECK(asked("(1,80,64) (1,564,80)", {}) == expected("decoder_no_hints"));
  CHECK(asked("(1,80,64) (1,564,80)", hints({{"prompt", 250}})) == expected("decoder_prompt_only"));
  CHECK(asked("(64,)", {}) == expected("number_alone"));
}

TEST_CASE("explain_knows_clips_of_odd_length") {
  CHECK(asked("(1,564,80) (1,63,80)", hints({{"prompt", 250}, {"speech", 32}, {"prompt_frame", 501}})) ==
        expected("odd_prompt"));
}

TEST_CASE("explain_tells_tokens_from_frames") {
  CHECK(asked("(1,282,512) (1,564,80)", known()) == expected("token_frame"));
  CHECK(asked("(1,282,512) (1,564,512)", {}) == expected("token_frame_no_hints"));
}

TEST_CASE("explain_names_a_transposed_weight") {
  CHECK(
      asked("copying a param with shape torch.Size([192, 80]) from checkpoint, the shape in current model is "
            "torch.Size([80, 192])",
            {}) == expected("transposed_weight"));
}

TEST_CASE("explain_finds_nothing_wrong_between_shapes_that_agree") {
  CHECK(asked("1x564x80 1x564x80 1x80", known()) == expected("agree"));
}

TEST_CASE("explain_reads_one_shape") {
  CHECK(asked("(1,34,1024)", {}) == expected("condition"));
  CHECK(asked("30720", known()) == expected("audio"));
  CHECK(asked("(3,7)", known()) == expected("foreign"));
}

TEST_CASE("explain_compares_three_shapes") {
  CHECK(asked("(2,80,564) (2,564,80) (1,500,80)", known()) == expected("three"));
}

TEST_CASE("explain_names_lengths_that_fit_nothing") {
  CHECK(asked("(1,565,80) (1,564,80)", known()) == expected("one_too_many"));
  CHECK(asked("(1,563,80) (1,564,80)", known()) == expected("one_too_few"));
  CHECK(asked("(1,563,512) (1,564,512)", known()) == expected("relative"));
}

TEST_CASE("explain_refuses_what_nobody_compares") {
  CHECK_THROWS_WITH_AS(explain({}, {}), doctest::Contains("0 shapes were given"), Failure);
  CHECK_THROWS_WITH_AS(explain(std::vector<Numbers>(10, {1, 80}), {}), doctest::Contains("10 shapes"),
                       Failure);
  CHECK_THROWS_WITH_AS(explain({{1, 1, 1, 1, 1, 1}}, {}), doctest::Contains("has 6 axes"), Failure);
}

TEST_CASE("explain_writes_json") {
  const nlohmann::json json = explain({{1, 80, 64}, {1, 564, 80}}, known()).json();
  CHECK(json["agree"] == false);
  CHECK(json["shapes"][0]["axes"] == "[batch 1, mel 80, frame 64]");
  CHECK(json["shapes"][1]["formula"] == "frame = 564 = 2·(250 + 32) = 2·(prompt + speech)");
  CHECK(json["findings"].size() == 3);
  CHECK(json["fix"] ==
        "trim the mel after the decoder, not before; lay the first out as [batch, frame, mel]");
}

TEST_CASE("explain_is_shown_in_the_docs_as_it_answers") {
  const std::string page = read_text(NIGHTINGALE_SOURCE "/docs/explain.md");
  for (const char* name : {"decoder", "decoder_no_hints", "token_frame", "transposed_weight"}) {
    CAPTURE(name);
    const std::string golden = expected(name);
    CHECK(page.find(golden.substr(golden.find('\n') + 1)) != std::string::npos);
  }
}

TEST_CASE("hints_refuse_a_length_that_does_not_exist") {
  Hints out;
  CHECK_THROWS_WITH_AS(out.set("promt", 250, "--promt"), doctest::Contains("there is no length called promt"),
                       Failure);
  CHECK_THROWS_WITH_AS(out.set("prompt", -1, "--prompt"), doctest::Contains("prompt -1 is no length"),
                       Failure);
}

TEST_CASE("hints_come_from_a_reference_folder") {
  if (!std::filesystem::exists(real_reference)) {
    MESSAGE("skipped: shared/real is not here");
    return;
  }
  const Hints read = read_hints(real_reference);
  CHECK(read.model == 1024);
  CHECK(asked("(1,80,64) (1,564,80)", read) == expected("decoder_reference"));
}

TEST_CASE("hints_refuse_a_folder_that_is_no_reference") {
  CHECK_THROWS_WITH_AS(read_hints(expected_folder), doctest::Contains("is no reference folder"), Failure);
}

}  // namespace
}  // namespace nightingale

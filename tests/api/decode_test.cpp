#include "small_model.hpp"

using namespace nightingale;
using namespace nightingale::test;

namespace {

Array filled(std::vector<std::int64_t> shape, float value = 0.1F) {
  std::size_t count = 1;
  for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
  return {std::move(shape), std::vector<float>(count, value)};
}

DecoderInput whole_input(std::int64_t prompt, std::int64_t speech) {
  const std::int64_t frames = 2 * (prompt + speech);
  return {.x = filled({1, frames, 80}),
          .mu = filled({1, frames, 80}),
          .speaker = filled({1, 80}),
          .prompt_mel = filled({1, frames, 80}),
          .prompt = prompt,
          .speech = speech};
}

}  // namespace

TEST_CASE("decode_step_gives_a_velocity_for_every_frame") {
  const Array velocity = opened(small_engine().decode_step(whole_input(5, 3)));
  CHECK(velocity.shape == std::vector<std::int64_t>{1, 16, 80});
  CHECK(velocity.values.size() == 16 * 80);
}

TEST_CASE("decode_step_refuses_the_mel_that_lost_the_prompt_and_tells_the_story") {
  DecoderInput input = whole_input(250, 32);
  input.x = filled({1, 80, 64});
  const auto velocity = small_engine().decode_step(input);
  REQUIRE(!velocity.ok());
  CHECK(velocity.error().code == ErrorCode::shape_mismatch);
  CHECK(velocity.error().text() == R"(the decoder's inputs do not belong together
  x   [batch 1, mel 80, frame 64]   from noise         frame = 2·speech             (speech = 32)
  mu  [batch 1, frame 564, mel 80]  from flow.encoder  frame = 2·(prompt + speech)  (prompt = 250, speech = 32)
  axis order:  x is channels-first, mu is channels-last
  frame:       64 leaves the prompt out, 564 has it
fix: trim the mel after the decoder, not before; lay x out as [batch, frame, mel])");
}

TEST_CASE("decode_step_refuses_before_any_arithmetic") {
  // Numbers that would take minutes to compute with are refused in no time, whatever is wrong with one
  // operand.
  DecoderInput input = whole_input(250, 32);
  input.speaker = filled({1, 192});
  CHECK(small_engine().decode_step(input).error().code == ErrorCode::shape_mismatch);
  input = whole_input(250, 32);
  input.prompt_mel = filled({1, 500, 80});
  CHECK(small_engine().decode_step(input).error().code == ErrorCode::shape_mismatch);
}

TEST_CASE("decode_step_refuses_arrays_whose_numbers_are_not_as_many_as_their_sizes") {
  for (const std::vector<std::int64_t>& shape :
       {std::vector<std::int64_t>{1, 16, 81}, {1, 16, -80}, {}, {4611686018427387904, 4, 80}}) {
    DecoderInput input = whole_input(5, 3);
    input.x.shape = shape;
    CHECK(small_engine().decode_step(input).error().code == ErrorCode::option_invalid);
  }
}

TEST_CASE("decode_step_refuses_lengths_that_no_request_has") {
  for (const auto& [prompt, speech] : {std::pair<int, int>{-1, 3}, {5, 0}, {2000000, 3}}) {
    DecoderInput input = whole_input(5, 3);
    input.prompt = prompt;
    input.speech = speech;
    CHECK(small_engine().decode_step(input).error().code == ErrorCode::option_invalid);
  }
}

TEST_CASE("explain_says_what_decode_step_says") {
  const Report report = opened(explain({"(1,80,64)", "(1,564,80)"}, {.prompt = 250, .speech = 32}));
  CHECK_FALSE(report.ok);
  CHECK(report.text.find("64 leaves the prompt out, 564 has it") != std::string::npos);
  CHECK(explain({}).error().code == ErrorCode::option_invalid);
}

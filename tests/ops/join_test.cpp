// Where stages meet: what is let through, and the whole text of what is refused. The golden of the mission's
// own case is the first.
#include "ops/join.hpp"

#include <doctest/doctest.h>

#include "base/failure.hpp"
#include "ops/shapes.hpp"
#include "tensor/fit.hpp"

namespace nightingale {
namespace {

struct World {
  Axis batch = unknown("batch");
  Axis prompt = unknown("prompt");
  Axis prompt_frame = unknown("prompt_frame");
  Axis speech = unknown("speech");
  Axis frame{"frame", 2 * (prompt.size + speech.size)};
  Axis mel{"mel", 80};
  Shape rows{batch, frame, mel};
  Lengths known;

  World() {
    known.set(prompt, 250, "the voice");
    known.set(speech, 32, "t3");
  }
  std::string told(std::initializer_list<Join> operands, const Lengths& lengths) const {
    const std::span<const Join> all(operands.begin(), operands.size());
    if (belong_together(lengths, all)) return "";
    const Error error = join_error("flow.decoder", lengths, all);
    CHECK(error.code == ErrorCode::shape_mismatch);
    return error.text();
  }
};

Tensor made(const Shape& shape, Name origin = "") {
  return Tensor(shape, Type::f32, nullptr, nullptr).from(origin);
}

TEST_CASE("join_explains_the_decoder_that_lost_the_prompt_and_swapped_its_axes") {
  const World world;
  const Tensor x = made({{"batch", 1}, {"mel", 80}, {"frame", 64}}, "noise");
  const Tensor mu = made({{"batch", 1}, {"frame", 564}, {"mel", 80}}, "flow.encoder");
  CHECK(world.told({{"x", &x, world.rows}, {"mu", &mu, world.rows}}, world.known) ==
        R"(flow.decoder's inputs do not belong together
  x   [batch 1, mel 80, frame 64]   from noise         frame = 2·speech             (speech = 32)
  mu  [batch 1, frame 564, mel 80]  from flow.encoder  frame = 2·(prompt + speech)  (prompt = 250, speech = 32)
  axis order:  x is channels-first, mu is channels-last
  frame:       64 leaves the prompt out, 564 has it
fix: trim the mel after flow.decoder, not before; lay x out as [batch, frame, mel])");
}

TEST_CASE("join_explains_the_same_for_tensors_that_came_as_bare_numbers") {
  const World world;
  const std::vector<std::int64_t> first{1, 80, 64}, second{1, 564, 80};
  const Tensor x = made(name_axes(first, world.rows, world.known), "the caller");
  const Tensor mu = made(name_axes(second, world.rows, world.known), "the caller");
  const std::string text = world.told({{"x", &x, world.rows}, {"mu", &mu, world.rows}}, world.known);
  CHECK(text.find("axis order:  x is channels-first, mu is channels-last") != std::string::npos);
  CHECK(text.find("frame:       64 leaves the prompt out, 564 has it") != std::string::npos);
}

TEST_CASE("join_lets_through_what_belongs_together") {
  const World world;
  const Tensor x = made({{"batch", 2}, {"frame", 564}, {"mel", 80}});
  const Tensor mu = made({{"batch", 1}, {"frame", 564}, {"mel", 80}});
  const Tensor speaker = made({{"batch", 2}, {"mel", 80}});
  CHECK(world.told(
            {{"x", &x, world.rows}, {"mu", &mu, world.rows}, {"speaker", &speaker, {world.batch, world.mel}}},
            world.known) == "");
}

TEST_CASE("join_refuses_batches_that_differ") {
  const World world;
  const Tensor x = made({{"batch", 2}, {"frame", 564}, {"mel", 80}});
  const Tensor mu = made({{"batch", 1}, {"frame", 564}, {"mel", 80}});
  const Tensor speaker = made({{"batch", 3}, {"mel", 80}});
  CHECK(world.told(
            {{"x", &x, world.rows}, {"mu", &mu, world.rows}, {"speaker", &speaker, {world.batch, world.mel}}},
            world.known) == R"(flow.decoder's inputs do not belong together
  x        [batch 2, frame 564, mel 80]  frame = 2·(prompt + speech)  (prompt = 250, speech = 32)
  speaker  [batch 3, mel 80]
  batch:  x has 2, speaker has 3
fix: give x and speaker the same batch, or one of them a batch of 1)");
}

TEST_CASE("join_names_missing_and_surplus_axes") {
  const World world;
  const Tensor speaker = made({{"batch", 1}, {"frame", 564}, {"mel", 80}}, "voice");
  CHECK(world.told({{"speaker", &speaker, {world.batch, world.mel}}}, world.known) ==
        R"(flow.decoder's inputs do not belong together
  speaker  [batch 1, frame 564, mel 80]  from voice
  reads    [batch, mel 80]
  axes:  speaker has frame too many
fix: give speaker as [batch, mel])");
  const Tensor mu = made({{"batch", 1}, {"token", 282}, {"channel", 512}}, "flow.encoder");
  CHECK(world.told({{"mu", &mu, world.rows}}, world.known) ==
        R"(flow.decoder's inputs do not belong together
  mu     [batch 1, token 282, channel 512]  from flow.encoder
  reads  [batch, frame 564, mel 80]                            frame = 2·(prompt + speech)  (prompt = 250, speech = 32)
  axes:  mu lacks frame, mel and has token, channel too many
fix: give mu as [batch, frame, mel])");
}

TEST_CASE("join_names_the_pad_or_tap_that_changed_a_length") {
  const World world;
  const Tensor x = made({{"batch", 1}, {"frame", 565}, {"mel", 80}});
  CHECK(world.told({{"x", &x, world.rows}}, world.known) ==
        R"(flow.decoder's inputs do not belong together
  x      [batch 1, frame 565, mel 80]
  reads  [batch, frame 564, mel 80]    frame = 2·(prompt + speech)  (prompt = 250, speech = 32)
  frame:  565 is 1 more than 564
fix: look for a pad, a tap or a cut that changes x's frame by 1)");
  const Tensor half = made({{"batch", 1}, {"frame", 282}, {"mel", 80}});
  CHECK(world.told({{"x", &half, world.rows}}, world.known) ==
        R"(flow.decoder's inputs do not belong together
  x      [batch 1, frame 282, mel 80]  frame = prompt + speech      (prompt = 250, speech = 32)
  reads  [batch, frame 564, mel 80]    frame = 2·(prompt + speech)  (prompt = 250, speech = 32)
  frame:  282 is half of 564
fix: give x frame 564)");
}

TEST_CASE("join_compares_formulas_in_the_proof_run") {
  const World world;
  const Lengths none;
  const Tensor mu = made({world.batch, world.frame, world.mel}, "flow.encoder");
  CHECK(world.told({{"mu", &mu, world.rows}}, none) == "");
  const Tensor x =
      made({world.batch, {"frame", world.frame.size - world.prompt_frame.size}, world.mel}, "noise");
  CHECK(world.told({{"x", &x, world.rows}, {"mu", &mu, world.rows}}, none) ==
        R"(flow.decoder's inputs do not belong together
  x   [batch, frame = 2·prompt − prompt_frame + 2·speech, mel 80]  from noise
  mu  [batch, frame = 2·prompt + 2·speech, mel 80]                 from flow.encoder
  frame:  2·(prompt + speech) − prompt_frame leaves the prompt_frame out, 2·(prompt + speech) has it
fix: trim the mel after flow.decoder, not before)");
  // A free length is filled by a number, never by another formula.
  const Tensor prompt = made({world.batch, {"prompt", world.speech.size}});
  CHECK(world.told({{"prompt", &prompt, {world.batch, world.prompt}}}, none) != "");
  const Tensor doubled = made({{"batch", 2 * world.batch.size}, world.frame, world.mel});
  CHECK(world.told({{"x", &doubled, world.rows}}, none) == "");
}

TEST_CASE("join_compares_solved_sizes_of_a_checkpoint") {
  const World world;
  const Symbol channel("channel");
  channel.solve(512, "flow.input_embedding.weight");
  const Axis token{"token", world.prompt.size + world.speech.size};
  const Shape declared{world.batch, token, {"channel", channel}};
  const Tensor good = made({{"batch", 1}, {"token", 282}, {"channel", 512}});
  CHECK(world.told({{"x", &good, declared}}, world.known) == "");
  const Tensor bad = made({{"batch", 1}, {"token", 282}, {"channel", 80}});
  CHECK(world.told({{"x", &bad, declared}}, world.known) != "");
}

TEST_CASE("join_throws_before_any_arithmetic") {
  const World world;
  Shapes op;
  const Tensor x = made({{"batch", 1}, {"mel", 80}, {"frame", 64}}, "noise");
  const Tensor mu = made({{"batch", 1}, {"frame", 564}, {"mel", 80}}, "flow.encoder");
  CHECK_NOTHROW(op.join("flow.decoder", world.known, {{"mu", &mu, world.rows}}));
  CHECK_THROWS_WITH_AS(op.join("flow.decoder", world.known, {{"x", &x, world.rows}, {"mu", &mu, world.rows}}),
                       doctest::Contains("64 leaves the prompt out, 564 has it"), Failure);
}

}  // namespace
}  // namespace nightingale

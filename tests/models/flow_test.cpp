// The flow beside its layers: the schedule, the guidance, what is known of the mel, and where inputs meet.
#include "models/flow/flow.hpp"

#include <doctest/doctest.h>

#include "base/failure.hpp"
#include "golden_networks.hpp"
#include "models/flow/solver.hpp"
#include "models/lengths.hpp"

using namespace nightingale;
using test::LoadedFlow;
using test::one;

namespace {

Tensor mel(Ops& op, std::int64_t frames, float first) {
  std::vector<float> numbers(static_cast<std::size_t>(frames) * 80);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = first + static_cast<float>(i);
  return op.write({one, {"frame", frames}, lengths::mel}, numbers);
}

// The English golden: 23 tokens of prompt and 16 of speech.
Lengths golden_lengths() {
  Lengths known;
  known.set(lengths::prompt, 23, "voice");
  known.set(lengths::prompt_frame, 46, "voice");
  known.set(lengths::speech, 16, "t3");
  return known;
}

flow::Condition golden_condition(Ops& op) {
  const auto mu = test::golden_numbers("reference/step6_mu");
  const Axis frame = test::rows(mu.size() / 80, "frame");
  return {op.write({one, frame, lengths::mel}, mu),
          op.write({one, lengths::mel}, test::golden_numbers("reference/step5_spk_emb")),
          op.write({one, frame, lengths::mel}, test::golden_numbers("reference/step6_x_cond"))};
}

}  // namespace

TEST_CASE("the_schedule_of_ten_steps_is_upstreams") {
  const std::vector<double> expected{0,        .0123116, .0489435, .1089935, .1909830, .2928932,
                                     .4122148, .5460095, .6909831, .8435655, 1};
  const std::vector<float> moments = flow::cosine_schedule(10);
  REQUIRE(moments.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK(moments[i] == doctest::Approx(expected[i]).epsilon(1e-6));
  CHECK(flow::cosine_schedule(1) == std::vector<float>{0, moments.back()});
}

TEST_CASE("guidance_goes_beyond_the_conditioned_velocity") {
  const auto op = make_cpu({1});
  const Tensor mixed = flow::guide(*op, op->write({one}, std::vector<float>{3}),
                                   op->write({one}, std::vector<float>{1}), 0.7F);
  CHECK(op->read(mixed).front() == doctest::Approx(1.7 * 3 - 0.7 * 1));
}

TEST_CASE("an_euler_step_goes_along_the_velocity_for_the_time_between") {
  const auto op = make_cpu({1});
  const Tensor moved = flow::euler_step(*op, op->write({one}, std::vector<float>{5}),
                                        op->write({one}, std::vector<float>{-2}), 0.25F, 0.75F);
  CHECK(op->read(moved).front() == 4);
}

TEST_CASE("the_known_mel_is_the_prompt_and_then_nothing") {
  const auto op = make_cpu({1});
  const std::vector<float> known = op->read(flow::Flow::known_mel(*op, mel(*op, 3, 1), 5));
  REQUIRE(known.size() == 5 * 80);
  CHECK(known.front() == 1);
  CHECK(known[3 * 80 - 1] == 3 * 80);
  CHECK(std::all_of(known.begin() + 3 * 80, known.end(), [](float number) { return number == 0; }));
}

TEST_CASE("trimming_cuts_the_prompt_off_in_front") {
  const auto op = make_cpu({1});
  const Tensor speech = flow::Flow::trim(*op, mel(*op, 5, 0), 2);
  CHECK(speech.shape() == Shape{one, {"frame", 3}, lengths::mel});
  CHECK(op->read(speech).front() == 2 * 80);
}

TEST_CASE("a_voice_twice_as_loud_is_the_same_speaker") {
  LoadedFlow flow;
  std::vector<float> speaker = test::golden_numbers("voice/soul_s3_192");
  const Axis channel = test::rows(speaker.size(), "speaker");
  const Tensor once = flow.network.project_speaker(flow.op, flow.op.write({one, channel}, speaker));
  for (float& number : speaker) number *= 2;
  const Tensor twice = flow.network.project_speaker(flow.op, flow.op.write({one, channel}, speaker));
  CHECK(testing::close(once, twice, 1e-6));
  CHECK(testing::close(once, test::golden_numbers("reference/step5_spk_emb"), 1e-5));
}

TEST_CASE("the_unconditioned_branch_knows_nothing_of_the_condition") {
  LoadedFlow flow;
  const flow::Condition condition = golden_condition(flow.op);
  const Tensor x = mel(flow.op, condition.mu.shape().count(1), 0);
  const auto unconditioned = [&](const flow::Condition& given) {
    const Tensor both =
        flow.network.branches(flow.op, golden_lengths(), flow.op.scale(x, 1e-4F), given, 0.3F);
    return flow.op.slice(both, "batch", 1, 1);
  };
  const flow::Condition other{flow.op.scale(condition.mu, 2), flow.op.scale(condition.speaker, 3),
                              flow.op.scale(condition.prompt, 4)};
  CHECK(testing::close(unconditioned(condition), unconditioned(other), 0));
}

TEST_CASE("solving_reports_every_step_and_ends_in_pytorchs_mel") {
  LoadedFlow flow;
  const flow::Condition condition = golden_condition(flow.op);
  const Shape& shape = condition.mu.shape();
  // Stored [1, mel, frame].
  const Tensor noise = flow.op.reorder(
      flow.op.write({one, lengths::mel, shape[1]}, test::golden_numbers("reference/step7_initial_noise")),
      {"batch", "frame", "mel"});
  std::vector<int> steps;
  const Tensor solved =
      flow.network.solve(flow.op, golden_lengths(), noise, condition,
                         {.progress = [&](int step, int of) { steps.push_back(100 * of + step); }});
  CHECK(steps == std::vector<int>{1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010});
  CHECK(testing::close(solved, test::golden_numbers("reference/step7_mel"), 1e-5));
}

TEST_CASE("the_unconditioned_branch_may_leave_the_prompt_out") {
  LoadedFlow flow;
  Ops& op = flow.op;
  const flow::Condition condition = golden_condition(op);
  const std::int64_t unseen = 20, first = 40, count = condition.mu.shape().count(1) - first;
  const Tensor x = mel(op, first + count, 0);
  const Tensor v = flow.network.velocity_unseen(op, golden_lengths(), x, condition, 0.3F,
                                                {.unseen_tokens = unseen, .progress = {}});

  Lengths seen;
  seen.set(lengths::prompt, 3, "voice");
  seen.set(lengths::speech, 16, "t3");
  const Tensor part = op.slice(x, "frame", first, count), nothing = op.zeros(part.shape());
  // Without guidance a velocity is that of the condition alone, here of none.
  const Tensor unconditioned =
      flow.network.velocity(op, seen, part, {nothing, op.zeros(condition.speaker.shape()), nothing}, 0.3F, 0);
  const Tensor conditioned = flow.network.velocity(op, golden_lengths(), x, condition, 0.3F, 0);
  CHECK(testing::close(op.slice(v, "frame", 0, first), op.slice(conditioned, "frame", 0, first), 1e-5));
  CHECK(testing::close(
      op.slice(v, "frame", first, count),
      flow::guide(op, op.slice(conditioned, "frame", first, count), unconditioned, flow::default_guidance),
      1e-5));
}

TEST_CASE("a_solver_stops_where_its_progress_throws") {
  LoadedFlow flow;
  const flow::Condition condition = golden_condition(flow.op);
  const Tensor noise = mel(flow.op, condition.mu.shape().count(1), 0);
  int seen = 0;
  const auto stop = [&](int step, int) {
    seen = step;
    if (step == 2) fail(ErrorCode::cancelled, "stopped");
  };
  CHECK_THROWS_AS(flow.network.solve(flow.op, golden_lengths(), noise, condition, {.progress = stop}),
                  Failure);
  CHECK(seen == 2);
}

TEST_CASE("the_decoder_refuses_noise_without_the_prompt") {
  LoadedFlow flow;
  const Tensor noise = mel(flow.op, 32, 0).from("noise");
  try {
    flow.network.velocity(flow.op, golden_lengths(), noise, golden_condition(flow.op), 0, 0.7F);
    FAIL("nothing was refused");
  } catch (const Failure& failure) {
    CHECK(failure.error().code == ErrorCode::shape_mismatch);
    CHECK_MESSAGE(failure.error().text().find("32 leaves the prompt out, 78 has it") != std::string::npos,
                  failure.error().text());
  }
}

// The watermark's network beside upstream's, in sizes that differ.
#include "models/perth/perth.hpp"

#include <doctest/doctest.h>

#include "golden_networks.hpp"
#include "models/perth/facts.hpp"
#include "watermark_goldens.hpp"

using namespace nightingale;
using test::one;
using test::watermark_reference;
using test::watermark_tolerance;

namespace {

struct LoadedPerth {
  std::unique_ptr<Ops> substrate = make_cpu({1});
  Binding binding;
  perth::Perth network;
  Ops& op;

  LoadedPerth()
      : binding(open_tensor_file(test::small_watermark()), "watermark"),
        network(binding.root()),
        op(*substrate) {
    binding.judge();
    binding.load(op);
  }

  Tensor levels(const std::vector<float>& rows) const {
    const auto bins = static_cast<std::size_t>(network.bins());
    return op.write({one, test::rows(rows.size() / bins, "frame"), {"bin", network.bins()}}, rows);
  }
};

}  // namespace

TEST_CASE("perth_adds_what_upstream_adds_to_audible_frames") {
  LoadedPerth perth;
  const std::vector<float> audible = watermark_reference("audible");
  const Tensor residual =
      perth.network.encode(perth.op, {}, perth.levels(watermark_reference("levels")),
                           perth.op.write({one, test::rows(audible.size(), "frame")}, audible));
  CHECK(testing::close(residual, watermark_reference("residual"), watermark_tolerance));
}

TEST_CASE("perth_answers_what_upstream_answers_in_the_branch_that_is_not_stretched") {
  LoadedPerth perth;
  const Tensor answers =
      perth.network.decode(perth.op, {}, perth.levels(watermark_reference("levels")), perth::Branch::normal);
  CHECK(testing::close(answers, watermark_reference("answers.normal"), watermark_tolerance));
}

TEST_CASE("perth_has_a_network_of_its_own_for_each_branch") {
  LoadedPerth perth;
  const Tensor levels = perth.levels(watermark_reference("levels"));
  const auto answers = [&](perth::Branch branch) {
    return perth.op.read(perth.network.decode(perth.op, {}, levels, branch));
  };
  CHECK(answers(perth::Branch::slow) != answers(perth::Branch::normal));
  CHECK(answers(perth::Branch::fast) != answers(perth::Branch::normal));
  CHECK(answers(perth::Branch::fast) != answers(perth::Branch::slow));
}

TEST_CASE("perth_sees_fifteen_frames_to_each_side") {
  LoadedPerth perth;
  constexpr std::size_t frames = 60, middle = 30;
  std::vector<float> rows =
      testing::random_numbers(static_cast<std::int64_t>(frames) * perth.network.bins(), 3);
  const auto answers = [&] {
    return perth.op.read(perth.network.decode(perth.op, {}, perth.levels(rows), perth::Branch::normal));
  };
  const std::vector<float> before = answers();
  rows[middle * static_cast<std::size_t>(perth.network.bins())] += 1;
  const std::vector<float> behind = answers();
  const auto moved = [&](std::size_t frame) { return before[2 * frame] != behind[2 * frame]; };
  CHECK(moved(middle - perth::reach));
  CHECK(moved(middle + perth::reach));
  CHECK_FALSE(moved(middle - perth::reach - 1));
  CHECK_FALSE(moved(middle + perth::reach + 1));
}

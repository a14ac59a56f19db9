// What the full-size model computed, as far as it is at hand without its weights: the guidance and the Euler
// step between stored velocities, arrays in Fortran order, the mel of the sound against the mel it was made
// from.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "audio/mel.hpp"
#include "close.hpp"
#include "diagnosis/reference_folder.hpp"
#include "goldens.hpp"
#include "kernels/cpu/cpu.hpp"
#include "models/flow/solver.hpp"
#include "voice/voice.hpp"

using namespace nightingale;

namespace {

const std::string greeting = "real/basic_greeting_en";

// An array [1, a, b] of the reference, its axes by their plain places.
Tensor written(Ops& op, const ReferenceFolder& reference, const std::string& step) {
  const ReferenceArray array = reference.array(step);
  REQUIRE(array.shape.size() == 3);
  return op.write({{"batch", 1}, {"row", array.shape[1]}, {"column", array.shape[2]}}, array.values);
}

double correlation(std::span<const float> left, std::span<const float> right) {
  const auto mean = [](std::span<const float> numbers) {
    return std::accumulate(numbers.begin(), numbers.end(), 0.0) / static_cast<double>(numbers.size());
  };
  const double left_mean = mean(left);
  const double right_mean = mean(right);
  double both = 0;
  double left_alone = 0;
  double right_alone = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const double a = left[i] - left_mean;
    const double b = right[i] - right_mean;
    both += a * b;
    left_alone += a * a;
    right_alone += b * b;
  }
  return both / std::sqrt(left_alone * right_alone);
}

}  // namespace

TEST_CASE("guidance_mixes_the_real_velocities_as_upstream_did") {
  const std::string folder = test::shared_path(greeting);
  if (folder.empty()) return;
  const ReferenceFolder reference(folder);
  const auto op = make_cpu({1});
  const Tensor mixed = flow::guide(*op, written(*op, reference, "ode_step1_v_cond"),
                                   written(*op, reference, "ode_step1_v_uncond"), reference.flow_guidance());
  CHECK(testing::close(mixed, reference.array("ode_step1_v_mix").values, 1e-6));
}

TEST_CASE("a_real_euler_step_ends_where_upstreams_ended") {
  const std::string folder = test::shared_path(greeting);
  if (folder.empty()) return;
  const ReferenceFolder reference(folder);
  const auto op = make_cpu({1});
  const std::vector<float> moments = flow::cosine_schedule(reference.steps());
  const Tensor moved = flow::euler_step(*op, written(*op, reference, "ode_traj_step0"),
                                        written(*op, reference, "ode_step1_v_mix"), moments[0], moments[1]);
  CHECK(testing::close(moved, reference.array("ode_traj_step1").values, 1e-6));
}

TEST_CASE("a_real_mel_in_fortran_order_is_read_by_its_values") {
  const std::string folder = test::shared_path(greeting);
  if (folder.empty()) return;
  const ReferenceFolder reference(folder);
  const ReferenceArray all = reference.array("step7_mel");
  const ReferenceArray trimmed = reference.array("step7_mel_trimmed");
  REQUIRE(all.shape == std::vector<std::int64_t>{1, 564, 80});
  REQUIRE(trimmed.shape == std::vector<std::int64_t>{1, 64, 80});
  CHECK(std::equal(trimmed.values.begin(), trimmed.values.end(), all.values.begin() + 500 * 80));
}

TEST_CASE("the_real_sound_has_the_mel_it_was_made_from") {
  const std::string folder = test::shared_path(greeting);
  if (folder.empty()) return;
  const ReferenceFolder reference(folder);
  const std::vector<float> mel = mel_24k(reference.array("step8_audio").values);
  const ReferenceArray made_from = reference.array("step7_mel_trimmed");
  REQUIRE(mel.size() == made_from.values.size());
  // The first two frames are silenced and faded in.
  constexpr std::size_t faded = 3 * 80;
  CHECK(correlation(std::span(mel).subspan(faded), std::span(made_from.values).subspan(faded)) >= 0.98);
}

TEST_CASE("the_real_voice_is_read") {
  const std::string folder = test::shared_path("real/samantha");
  if (folder.empty()) return;
  const VoiceArrays voice = read_voice(folder);
  CHECK(voice.condition_prompt.size() == 150);
  CHECK(voice.prompt_frames == 2 * static_cast<std::int64_t>(voice.prompt.size()));
  // Log-mels of speech: their floor is log 1e-5 = −11.5.
  const auto [least, most] = std::minmax_element(voice.prompt_mel.begin(), voice.prompt_mel.end());
  CHECK(*least >= -11.6F);
  CHECK(*most < 5);
}

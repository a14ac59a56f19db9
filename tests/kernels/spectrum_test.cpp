// stft, istft and phases against the reference and against each other.
#include "both.hpp"

using namespace nightingale;
using namespace nightingale::testing;

TEST_CASE("stft_and_istft_agree_for_the_vocoders_window_and_others") {
  for (const Spectrum spectrum : {Spectrum{16, 4}, {16, 8}, {30, 5}, {400, 100}}) {
    CAPTURE(spectrum.window);
    const std::int64_t samples = 40 * spectrum.hop * 5, bins = spectrum.window / 2 + 1;
    CHECK(agree(
        [&](Ops& op) {
          return op.stft(random_tensor(op, {{"batch", 2}, {"sample", samples}}, 1), spectrum);
        },
        rounding));
    CHECK(agree(
        [&](Ops& op) {
          const Shape shape{{"batch", 2}, {"spectrum", 41}, {"bin", bins}};
          const Tensor magnitude = op.activate(random_tensor(op, shape, 2), {Activation::Kind::absolute});
          return op.istft(magnitude, random_tensor(op, shape, 3), spectrum);
        },
        rounding));
  }
}

TEST_CASE("phases_do_not_drift_over_ten_seconds") {
  // The reference rounds at the same places, so only the sine's own rounding is left.
  CHECK(agree(
      [](Ops& op) {
        const Tensor f0 = op.scale(random_tensor(op, {{"batch", 1}, {"sample", 240000}}, 4, 10), 1, 150);
        return op.activate(op.phases(f0, 9, 24000), {Activation::Kind::sine});
      },
      rounding));
}

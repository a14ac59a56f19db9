// What a deliberate slip once survived in this room (tests/mutations): each case holds the line it broke.
#include <doctest/doctest.h>

#include <algorithm>

#include "golden_networks.hpp"
#include "kernels/reference/substrate.hpp"
#include "models/lengths.hpp"

using namespace nightingale;
using test::one;

namespace {

// Reads what comes before the clamp of the samples, which hides every louder sound.
class MagnitudeMeter : public reference::Reference {
 public:
  double loudest = 0;

 private:
  void do_istft(const Tensor& magnitude, const Tensor&, const Spectrum&, Tensor& out) override {
    for (const double number : magnitude.numbers<const double>()) loudest = std::max(loudest, number);
    std::ranges::fill(out.numbers<double>(), 0.0);
  }
};

}  // namespace

TEST_CASE("no_bin_is_louder_than_a_hundred") {
  MagnitudeMeter op;
  Binding binding(open_tensor_file(test::golden("english/model/s3gen.safetensors")), "vocoder");
  const hift::Hift vocoder(binding.root() / "mel2wav");
  binding.root().unused("flow.", "another network's");
  binding.judge();
  binding.load(op);
  const Tensor loud = op.write({one, {"frame", 3}, lengths::mel}, testing::random_numbers(3 * 80, 4, 300));
  vocoder.generate(op, loud, op.zeros({one, {"sample", 3 * 480}}));
  CHECK(op.loudest == 100);
}

// phases: 2π·(Σ f0·h/rate mod 1) for each harmonic h, the source of HiFT's waves.
//
// What is odd: each step is rounded exactly where PyTorch rounds it. f0·h and its quotient are floats, their
// running sum is a double that is rounded to float before its fraction is taken; a float sum would drift by
// whole turns.
#include <cmath>
#include <numbers>

#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/substrate.hpp"

namespace nightingale {

void Cpu::do_phases(const Tensor& f0, std::int64_t harmonics, float sample_rate, Tensor& out) {
  const std::int64_t samples = f0.shape().count(1), voices = f0.shape().count(0) * harmonics;
  constexpr auto turn = static_cast<float>(2 * std::numbers::pi);
  cpu::share(threads_, voices, samples * 4, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t voice = first; voice < last; ++voice) {
      const std::int64_t batch = voice / harmonics, harmonic = voice % harmonics;
      const float* from = f0.data<float>() + batch * samples;
      float* to = out.data<float>() + batch * samples * harmonics + harmonic;
      double sum = 0;
      for (std::int64_t sample = 0; sample < samples; ++sample) {
        const float pitch = from[sample] * static_cast<float>(harmonic + 1);
        sum += static_cast<double>(pitch / sample_rate);
        const auto turns = static_cast<float>(sum);
        to[sample * harmonics] = turn * (turns - std::floor(turns));
      }
    }
  });
}

}  // namespace nightingale

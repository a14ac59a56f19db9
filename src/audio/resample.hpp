// Other sampling rates, computed as upstream's two resamplers compute them.
//
//   soxr   what librosa.load and librosa.resample(res_type="soxr_hq") call: the SoX resampler's "HQ" recipe
//          (20 bits, linear phase), float32; ours is libsoxr too, and the same to the bit
//   sinc   torchaudio.transforms.Resample with its defaults: each output is a sinc of width 6 under a Hann
//   window
//
// Lengths: `from` and `to` are samples a second, greater than 0; n samples become ceil(n·to/from).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

struct soxr;

namespace nightingale {

// All samples at once. The same rate twice gives a copy.
std::vector<float> resample_soxr(std::span<const float> samples, int from, int to);

// Block by block, in memory that does not grow with the recording. All that push() and finish() return, one
// after the other, is what resample_soxr gives for all that was pushed, to the bit, however it was cut into
// blocks.
class Resampler {
 public:
  Resampler(int from, int to);
  ~Resampler();
  Resampler(Resampler&&) noexcept;
  Resampler& operator=(Resampler&&) noexcept;

  // What is ready after these samples; the last thousands of a recording may wait for more.
  std::vector<float> push(std::span<const float> block);

  // The rest. Nothing can be pushed afterwards.
  std::vector<float> finish();

 private:
  void take(const float* block, std::size_t count, std::vector<float>& out);

  double ratio_;                                 // to/from
  std::uint64_t pushed_ = 0;                     // samples
  std::uint64_t returned_ = 0;                   // samples
  std::unique_ptr<soxr, void (*)(soxr*)> soxr_;  // none when the rates are equal
};

// torchaudio's windowed sinc, kernel and sums in float as there: 24 to 16 kHz is the same to the bit.
std::vector<float> resample_sinc(std::span<const float> samples, int from, int to);

}  // namespace nightingale

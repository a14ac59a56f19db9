#include "audio/resample.hpp"

#include <fmt/format.h>
#include <soxr.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/failure.hpp"

namespace nightingale {

namespace {

constexpr std::size_t block_samples = 65536;
constexpr std::size_t spare_samples = 64;  // more than rounding can add to a block

// torchaudio.transforms.Resample(lowpass_filter_width, rolloff)
constexpr double sinc_width = 6;  // zero crossings at each side
constexpr double rolloff = 0.99;

void check_rates(int from, int to) {
  if (from > 0 && to > 0) return;
  fail(ErrorCode::audio_invalid,
       fmt::format("{} samples a second cannot become {} samples a second", from, to),
       "give two rates above 0");
}

soxr* make_soxr(int from, int to) {
  if (from == to) return nullptr;
  const soxr_io_spec_t numbers = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
  const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  soxr_error_t error = nullptr;
  soxr* made = soxr_create(from, to, 1, &error, &numbers, &quality, nullptr);
  if (made == nullptr || error != nullptr) {
    soxr_delete(made);
    fail(ErrorCode::audio_invalid, fmt::format("cannot resample from {} to {} samples a second: {}", from, to,
                                               error == nullptr ? "no memory" : error));
  }
  return made;
}

// The taps that make one of the `to` outputs which `from` inputs become; the others of its kernel are 0.
struct Phase {
  std::ptrdiff_t first;  // input of the first tap, counted from the group's first
  std::vector<float> taps;
};

//   kernel(t) = sinc(t)·cos²(π·t/(2·width)) · base/from,   t = base·(i/from − phase/to),   base = min(from,
//   to)·rolloff
// for inputs i where |t| < width. `from` and `to` are reduced.
Phase phase_of(std::int64_t phase, std::int64_t from, std::int64_t to) {
  const double base = static_cast<double>(std::min(from, to)) * rolloff;
  const double scale = base / static_cast<double>(from);
  const auto margin = static_cast<std::int64_t>(std::ceil(sinc_width * static_cast<double>(from) / base));
  // torchaudio divides in float here: exact for 24 to 16 kHz, not for every rate.
  const double shift = static_cast<float>(phase) / static_cast<float>(to);
  Phase made{.first = 0, .taps = {}};
  for (std::int64_t i = -margin; i < margin + from; ++i) {
    const double t = base * (static_cast<double>(i) / static_cast<double>(from) - shift);
    if (std::abs(t) >= sinc_width) {
      if (t > 0) break;
      continue;
    }
    const double turn = std::numbers::pi * t;
    const double window = std::cos(turn / (2 * sinc_width));
    if (made.taps.empty()) made.first = static_cast<std::ptrdiff_t>(i);
    made.taps.push_back(static_cast<float>((t == 0 ? 1 : std::sin(turn) / turn) * window * window * scale));
  }
  return made;
}

// Σ taps·samples from `start` on; outside the recording there is silence. Each product is added to a float
// without being rounded before, as PyTorch's convolution does: where a recording holds nothing, such as above
// 4 kHz of a telephone's, a filter bank hears how the sums were rounded.
float apply(const Phase& phase, std::span<const float> samples, std::ptrdiff_t group) {
  const std::ptrdiff_t start = group + phase.first;
  const std::ptrdiff_t first = std::max<std::ptrdiff_t>(0, -start);
  const std::ptrdiff_t last = std::min(std::ssize(phase.taps), std::ssize(samples) - start);
  float sum = 0;
  for (std::ptrdiff_t tap = first; tap < last; ++tap) {
    const double product = static_cast<double>(phase.taps[static_cast<std::size_t>(tap)]) *
                           static_cast<double>(samples[static_cast<std::size_t>(start + tap)]);
    sum = static_cast<float>(product + static_cast<double>(sum));  // one rounding: the product is exact
  }
  return sum;
}

}  // namespace

std::vector<float> resample_soxr(std::span<const float> samples, int from, int to) {
  Resampler resampler(from, to);
  std::vector<float> out;
  out.reserve(static_cast<std::size_t>(static_cast<double>(samples.size()) * to / from) + spare_samples);
  while (!samples.empty()) {
    const std::vector<float> some = resampler.push(samples.first(std::min(block_samples, samples.size())));
    out.insert(out.end(), some.begin(), some.end());
    samples = samples.subspan(std::min(block_samples, samples.size()));
  }
  const std::vector<float> rest = resampler.finish();
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

Resampler::Resampler(int from, int to)
    : ratio_((check_rates(from, to), static_cast<double>(to) / from)),
      soxr_(make_soxr(from, to), soxr_delete) {}

Resampler::~Resampler() = default;
Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;

std::vector<float> Resampler::push(std::span<const float> block) {
  pushed_ += block.size();
  std::vector<float> out;
  if (!soxr_) {
    out.assign(block.begin(), block.end());
  } else if (!block.empty()) {
    take(block.data(), block.size(), out);
  }
  returned_ += out.size();
  return out;
}

std::vector<float> Resampler::finish() {
  std::vector<float> out;
  if (soxr_) take(nullptr, 0, out);
  // soxr rounds the length, librosa makes it ceil(n·ratio): a zero more, never a sample less.
  const auto length = static_cast<std::uint64_t>(std::ceil(static_cast<double>(pushed_) * ratio_));
  assert(returned_ <= length);
  out.resize(static_cast<std::size_t>(length - returned_));
  returned_ = length;
  return out;
}

// Hands `count` samples to soxr, or the end when there is no block, and takes all that it gives.
void Resampler::take(const float* block, std::size_t count, std::vector<float>& out) {
  const std::size_t room = static_cast<std::size_t>(static_cast<double>(count) * ratio_) + block_samples;
  for (bool more = true; more;) {
    const std::size_t before = out.size();
    out.resize(before + room);
    std::size_t taken = 0, given = 0;
    if (const soxr_error_t error =
            soxr_process(soxr_.get(), block, count, &taken, out.data() + before, room, &given)) {
      fail(ErrorCode::internal, fmt::format("resampling failed: {}", error));
    }
    out.resize(before + given);
    if (block == nullptr) {
      more = given > 0;
    } else {
      block += taken;
      count -= taken;
      more = count > 0 || given == room;
    }
  }
}

std::vector<float> resample_sinc(std::span<const float> samples, int from, int to) {
  check_rates(from, to);
  if (from == to) return {samples.begin(), samples.end()};
  const int divisor = std::gcd(from, to);
  const std::int64_t ins = from / divisor, outs = to / divisor;  // `ins` samples become `outs`
  std::vector<Phase> phases;
  phases.reserve(static_cast<std::size_t>(outs));
  for (std::int64_t phase = 0; phase < outs; ++phase) phases.push_back(phase_of(phase, ins, outs));

  const auto length = (std::ssize(samples) * outs + ins - 1) / ins;
  std::vector<float> out;
  out.reserve(static_cast<std::size_t>(length));
  for (std::ptrdiff_t i = 0; i < length; ++i) {
    out.push_back(apply(phases[static_cast<std::size_t>(i % outs)], samples, i / outs * ins));
  }
  return out;
}

}  // namespace nightingale

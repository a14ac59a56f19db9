#include "synthesis/watermark.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstdint>

#include "audio/overlap_add.hpp"
#include "audio/polyphase.hpp"
#include "audio/resample.hpp"
#include "audio/spectrum.hpp"
#include "checkpoint/open_tensor_file.hpp"
#include "models/lengths.hpp"
#include "models/perth/facts.hpp"
#include "synthesis/proof.hpp"

namespace nightingale {

namespace {

using perth::Branch;

constexpr double scale = perth::headroom - perth::lowest_level;  // dB from level 0 to level 1

constexpr Framing framing{.rate = perth::sample_rate,
                          .transform = static_cast<std::size_t>(perth::window),
                          .hop = static_cast<std::size_t>(perth::hop),
                          .margin = static_cast<std::size_t>(perth::window / 2)};

const Axis one{"batch", 1};

constexpr double least_power = perth::smallest_magnitude * perth::smallest_magnitude;

double level_of(double power) {
  const double decibel = 10 * std::log10(std::max(power, least_power));
  return (decibel - perth::lowest_level) / scale;
}

double amplitude_of(double level) {
  const double decibel = level * scale + perth::lowest_level;
  return std::pow(10, std::min(decibel / 20, perth::most_exponent));
}

// The number with its level moved by `residual`: a factor, unless its amplitude comes from the level's
// limits. The phase of 0 is 0.
std::complex<double> with_level_moved(std::complex<double> number, double residual) {
  static const double most_power = std::pow(10, 2 * perth::most_exponent);
  const double power = std::norm(number);
  const double factor = residual == 0 ? 1 : std::pow(10, residual * scale / 20);
  if (power >= least_power && power * factor * factor <= most_power) return factor * number;
  const double amplitude = amplitude_of(level_of(power) + residual), magnitude = std::abs(number);
  return magnitude > 0 ? number * (amplitude / magnitude) : std::complex<double>(amplitude);
}

Axis frames_axis(std::size_t count) {
  return {"frame", static_cast<std::int64_t>(count)};
}

Lengths length_of(std::size_t frames) {
  Lengths known;
  known.set(perth::frame, static_cast<std::int64_t>(frames), "the sound");
  return known;
}

// Signal with silence behind it, when it is too short to be mirrored.
std::vector<float> long_enough(std::vector<float> signal) {
  signal.resize(std::max(signal.size(), framing.margin + 1));
  return signal;
}

// Rows [frame, bin] stretched to `count` rows, of which the first and the last stay where they are (torch
// interpolate, linear, align_corners): those from `from` to before `to`.
std::vector<float> stretched(std::span<const float> rows, std::size_t width, std::size_t count,
                             std::size_t from, std::size_t to) {
  const std::size_t last = rows.size() / width - 1;
  std::vector<float> out;
  out.reserve((to - from) * width);
  for (std::size_t i = from; i < to; ++i) {
    const double place =
        count > 1 ? static_cast<double>(i) * static_cast<double>(last) / static_cast<double>(count - 1) : 0;
    const auto left = std::min(static_cast<std::size_t>(place), last);
    const std::size_t right = std::min(left + 1, last);
    const double share = place - static_cast<double>(left);
    for (std::size_t bin = 0; bin < width; ++bin) {
      out.push_back(
          static_cast<float>((1 - share) * rows[left * width + bin] + share * rows[right * width + bin]));
    }
  }
  return out;
}

// The same for the audible frames, each row the nearest one before it (torch interpolate, nearest, which
// computes in float).
std::vector<float> stretched_to_nearest(std::span<const float> audible, std::size_t count) {
  const float step = static_cast<float>(audible.size()) / static_cast<float>(count);
  std::vector<float> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto place = static_cast<std::size_t>(std::floor(static_cast<float>(i) * step));
    out[i] = audible[std::min(place, audible.size() - 1)];
  }
  return out;
}

std::size_t frames_of(Branch branch, std::size_t frames) {
  if (branch == Branch::normal) return frames;
  const double stretch = branch == Branch::slow ? perth::slow_stretch : perth::fast_stretch;
  return static_cast<std::size_t>(static_cast<double>(frames) * stretch);
}

// What a branch says of the whole sound: the means over the audible frames.
struct Answer {
  double weight = 0, mark = 0;
  bool heard = false;
};

Answer mean_answer(std::span<const float> answers, std::span<const float> audible) {
  Answer sum;
  double count = 0;
  for (std::size_t row = 0; row < audible.size(); ++row) {
    count += audible[row];
    sum.weight += audible[row] * answers[perth::answers * row];
    sum.mark += audible[row] * answers[perth::answers * row + 1];
  }
  if (count == 0) return {};
  return {sum.weight / count, sum.mark / count, true};
}

// Σ softmax(weight)·mark over the branches; 0 when one of them has heard nothing.
double combined(std::span<const Answer> answers) {
  double most = answers.front().weight;
  for (const Answer& answer : answers) {
    if (!answer.heard) return 0;
    most = std::max(most, answer.weight);
  }
  double sum = 0, weights = 0;
  for (const Answer& answer : answers) {
    const double weight = std::exp(answer.weight - most);
    weights += weight;
    sum += weight * answer.mark;
  }
  return std::clamp(sum / weights, 0.0, 1.0);
}

}  // namespace

// What the network is shown of a signal.
struct Watermark::Levels {
  std::vector<float> rows;     // [frame, bin], of the bins that the network sees
  std::vector<float> audible;  // [frame], 1 or 0
  std::size_t width;

  std::size_t frames() const { return audible.size(); }
};

std::unique_ptr<perth::Perth> bind_perth(Binding& binding) {
  return std::make_unique<perth::Perth>(binding.root());
}

Watermark::Watermark(const std::string& weights, Ops& op, std::size_t block_frames)
    : op_(op),
      block_frames_(block_frames),
      binding_(std::make_unique<Binding>(open_tensor_file(weights), "watermark")),
      network_(bind_perth(*binding_)) {
  binding_->judge();
  prove(*network_);
  binding_->load(op, {}, "encoder.");
}

// The rows of a network that sees `reach` rows to each side, block by block: `work` is given the rows
// first … last that it must see and gives the network's results for them; only those of the block are kept.
template <typename Work>
std::vector<float> Watermark::in_blocks(std::size_t rows, std::size_t width, const Work& work) const {
  constexpr auto reach = static_cast<std::size_t>(perth::reach);
  std::vector<float> out;
  out.reserve(rows * width);
  for (std::size_t row = 0; row < rows; row += block_frames_) {
    const std::size_t behind = std::min(rows, row + block_frames_);
    const std::size_t first = row - std::min(row, reach), last = std::min(rows, behind + reach);
    const std::vector<float> seen = work(first, last);
    const auto kept = std::span(seen).subspan((row - first) * width, (behind - row) * width);
    out.insert(out.end(), kept.begin(), kept.end());
  }
  return out;
}

Watermark::Levels Watermark::levels_of(std::span<const float> signal) const {
  Levels levels{.rows = {}, .audible = {}, .width = static_cast<std::size_t>(network_->bins())};
  Spectra spectra(signal, framing);
  std::vector<double> loudness;
  for (std::size_t frame = 0; frame < spectra.frames(); ++frame) {
    const auto power = spectra.power(frame);
    double sum = 0;
    for (std::size_t bin = 0; bin < power.size(); ++bin) {
      const double level = level_of(power[bin]);
      sum += level;
      if (bin < levels.width) levels.rows.push_back(static_cast<float>(level));
    }
    loudness.push_back(sum);
  }
  const double threshold = perth::audible_share * *std::max_element(loudness.begin(), loudness.end());
  for (const double sum : loudness) levels.audible.push_back(sum > threshold ? 1.0F : 0.0F);
  return levels;
}

std::vector<float> Watermark::residual_of(const Levels& levels) const {
  const Axis bin{"bin", static_cast<std::int64_t>(levels.width)};
  return in_blocks(levels.frames(), levels.width, [&](std::size_t first, std::size_t last) {
    const Axis frame = frames_axis(last - first);
    const auto rows = std::span(levels.rows).subspan(first * levels.width, (last - first) * levels.width);
    const auto audible = std::span(levels.audible).subspan(first, last - first);
    return op_.read(network_->encode(op_, length_of(last - first), op_.write({one, frame, bin}, rows),
                                     op_.write({one, frame}, audible)));
  });
}

std::vector<float> Watermark::mark(std::span<const float> samples, int rate) const {
  if (samples.empty()) return {};
  std::vector<float> signal = resample_soxr(samples, rate, perth::sample_rate);
  const std::size_t length = signal.size();
  signal = long_enough(std::move(signal));
  std::vector<float> marked(signal.size());
  {
    const Levels levels = levels_of(signal);
    const std::vector<float> residual = residual_of(levels);
    Spectra spectra(signal, framing);
    OverlapAdd out(framing, marked);
    std::vector<std::complex<double>> spectrum;
    for (std::size_t frame = 0; frame < spectra.frames(); ++frame) {
      const auto old = spectra.spectrum(frame);
      spectrum.assign(old.begin(), old.end());
      for (std::size_t bin = 0; bin < spectrum.size(); ++bin) {
        const double moved = bin < levels.width ? residual[frame * levels.width + bin] : 0.0F;
        spectrum[bin] = with_level_moved(spectrum[bin], moved);
      }
      out.add(spectrum);
    }
  }
  marked.resize(length);
  std::vector<float> result = resample_soxr(marked, perth::sample_rate, rate);
  result.resize(samples.size());
  return result;
}

double Watermark::answer_of(const Levels& levels) const {
  std::call_once(decoder_is_loaded_, [&] { binding_->load(op_, {}, "decoder."); });
  const Axis bin{"bin", static_cast<std::int64_t>(levels.width)};
  std::array<Answer, perth::branches.size()> answers;
  for (const Branch branch : perth::branches) {
    const std::size_t frames = frames_of(branch, levels.frames());
    const auto said = in_blocks(frames, perth::answers, [&](std::size_t first, std::size_t last) {
      const std::vector<float> seen = stretched(levels.rows, levels.width, frames, first, last);
      const Tensor shown = op_.write({one, frames_axis(last - first), bin}, seen);
      return op_.read(network_->decode(op_, length_of(last - first), shown, branch));
    });
    answers[static_cast<std::size_t>(branch)] =
        mean_answer(said, stretched_to_nearest(levels.audible, frames));
  }
  return combined(answers);
}

double Watermark::detect(std::span<const float> samples, int rate) const {
  return detect(resample_polyphase(samples, rate, perth::sample_rate));
}

double Watermark::detect(std::vector<float> signal) const {
  if (signal.empty()) return 0;
  const Levels levels = levels_of(long_enough(std::move(signal)));
  return answer_of(levels);
}

}  // namespace nightingale

#include "voice/hearing.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <numeric>

namespace nightingale {

namespace {

constexpr double slow_rate_wanted = 4000;                 // Hz, for pitch and hum
constexpr double lowest_pitch = 60, highest_pitch = 400;  // Hz: low men to children and excited women
constexpr double first_peak_share = 0.9;  // a shorter period nearly as clear is the period, not its multiple
constexpr double flat_seconds = 1e-4;     // how long a top must stand still to be cut off
constexpr std::size_t flat_least = 3;     // and in samples
constexpr float flat_tolerance = 2e-4F;   // of the peak
constexpr double window_seconds = 0.04;   // of a spectrum: finer than 50 Hz

std::size_t samples_in(double seconds, double rate) {
  return std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(seconds * rate)));
}

std::size_t power_of_two_near(double length) {
  return std::size_t{1} << std::max(6L, std::lround(std::log2(length)));
}

std::vector<double> hann_window(std::size_t length) {
  const double bend = 2 * std::numbers::pi / static_cast<double>(length);
  std::vector<double> window(length);
  for (std::size_t i = 0; i < length; ++i) window[i] = 0.5 - 0.5 * std::cos(bend * static_cast<double>(i));
  return window;
}

// The power of windowed samples at one frequency.
double power_at(std::span<const double> samples, double frequency, double rate) {
  const std::complex<double> turn = std::polar(1.0, 2 * std::numbers::pi * frequency / rate);
  std::complex<double> sum = 0, angle = 1;
  for (const double sample : samples) {
    sum += sample * angle;
    angle *= turn;
  }
  const double length = static_cast<double>(samples.size()) / 4;  // Hann's sum over two, for both sides
  return std::norm(sum) / (length * length) / 2;
}

// A frame is cut off where a run of samples stays at its peak.
bool stands_flat(std::span<const float> samples, float peak, std::size_t least) {
  std::size_t run = 0;
  for (const float sample : samples) {
    run = std::abs(sample) >= peak * (1 - flat_tolerance) ? run + 1 : 0;
    if (run >= least) return true;
  }
  return false;
}

}  // namespace

Listener::Listener(int rate)
    : frame_length_(samples_in(1.0 / frames_a_second, rate)),
      flat_length_(std::max(flat_least, static_cast<std::size_t>(std::ceil(flat_seconds * rate)))),
      slow_factor_(std::max<std::size_t>(1, static_cast<std::size_t>(rate / slow_rate_wanted))),
      slow_rate_(static_cast<double>(rate) / static_cast<double>(slow_factor_)),
      hum_window_(hann_window(samples_in(1.0 / hums_a_second, slow_rate_))),
      transform_(std::make_unique<Fourier>(power_of_two_near(window_seconds * rate))),
      window_(hann_window(transform_->length())) {
  heard_.rate = rate;
}

void Listener::hear(std::span<const float> samples) {
  for (const float sample : samples) {
    if (!std::isfinite(sample) && heard_.first_broken < 0) heard_.first_broken = heard_.samples;
    take(std::isfinite(sample) ? sample : 0);
  }
}

Hearing Listener::finish() {
  if (2 * frame_.size() >= frame_length_ || heard_.frames.empty()) end_frame();
  if (heard_.samples > 0) heard_.constant = sum_ / static_cast<double>(heard_.samples);
  return std::move(heard_);
}

// Whether the next of so many a second ends here. Rates that do not divide must not drift in hours.
bool Listener::reached(std::int64_t a_second, std::size_t before) const {
  return heard_.samples * a_second >= static_cast<std::int64_t>(before + 1) * heard_.rate;
}

void Listener::take(float sample) {
  ++heard_.samples;
  sum_ += sample;
  frame_.push_back(sample);
  if (reached(frames_a_second, heard_.frames.size())) end_frame();
  slow_sum_ += sample;
  if (++slow_count_ == slow_factor_) {
    const auto slow = static_cast<float>(slow_sum_ / static_cast<double>(slow_factor_));
    pitch_.push_back(slow);
    hum_.push_back(slow);
    slow_sum_ = 0;
    slow_count_ = 0;
  }
  if (spectrum_place_ < window_.size()) spectrum_.push_back(sample * window_[spectrum_place_]);
  ++spectrum_place_;
  if (reached(spectra_a_second, heard_.spectra.size())) end_spectrum();
  if (reached(pitches_a_second, heard_.pitches.size())) end_pitch();
  if (reached(hums_a_second, heard_.hums.size())) end_hum();
}

void Listener::end_frame() {
  if (frame_.empty()) return;
  double squares = 0, sum = 0;
  Frame frame;
  for (const float sample : frame_) {
    squares += static_cast<double>(sample) * sample;
    sum += sample;
    frame.peak = std::max(frame.peak, std::abs(sample));
  }
  frame.power = static_cast<float>(squares / static_cast<double>(frame_.size()));
  frame.mean = static_cast<float>(sum / static_cast<double>(frame_.size()));
  frame.flat = frame.peak > 0 && stands_flat(frame_, frame.peak, flat_length_);
  heard_.peak = std::max(heard_.peak, frame.peak);
  heard_.frames.push_back(frame);
  frame_.clear();
}

// r(lag) = Σ x[i]·x[i+lag] / √(Σ x[i]² · Σ x[i+lag]²) over what is left beside the longest lag.
void Listener::end_pitch() {
  const auto shortest = static_cast<std::size_t>(slow_rate_ / highest_pitch);
  const auto longest = static_cast<std::size_t>(slow_rate_ / lowest_pitch);
  if (pitch_.size() < longest + 2) pitch_.resize(longest + 2);
  const std::size_t length = pitch_.size() - longest - 1;
  const double mean = std::accumulate(pitch_.begin(), pitch_.end(), 0.0) / static_cast<double>(pitch_.size());
  for (float& sample : pitch_) sample -= static_cast<float>(mean);
  std::vector<double> energy(pitch_.size() + 1);  // of the samples before each
  for (std::size_t i = 0; i < pitch_.size(); ++i) {
    energy[i + 1] = energy[i] + static_cast<double>(pitch_[i]) * pitch_[i];
  }
  std::vector<double> clarity(longest + 1);
  double best = 0;
  for (std::size_t lag = shortest; lag <= longest; ++lag) {
    double product = 0;
    for (std::size_t i = 0; i < length; ++i) product += pitch_[i] * pitch_[i + lag];
    const double norm = std::sqrt(energy[length] * (energy[lag + length] - energy[lag]));
    clarity[lag] = norm > 1e-12 ? product / norm : 0;
    best = std::max(best, clarity[lag]);
  }
  Pitch pitch;
  // The first top that is nearly the highest: not the slope down from lag 0, and not a multiple.
  for (std::size_t lag = shortest + 1; best > 0 && lag < longest; ++lag) {
    if (clarity[lag] < first_peak_share * best) continue;
    if (clarity[lag] < clarity[lag - 1] || clarity[lag] < clarity[lag + 1]) continue;
    pitch = {static_cast<float>(slow_rate_ / static_cast<double>(lag)), static_cast<float>(clarity[lag])};
    break;
  }
  heard_.pitches.push_back(pitch);
  pitch_.clear();
}

void Listener::end_spectrum() {
  spectrum_place_ = 0;
  spectrum_.resize(window_.size());
  const std::vector<std::complex<double>> bins = transform_->forward(spectrum_);
  spectrum_.clear();
  BandPowers bands{};
  const double width = static_cast<double>(heard_.rate) / static_cast<double>(window_.size());
  // Parseval: both sides, and the window's mean square of 3/8.
  const double scale = 2 / (0.375 * std::pow(static_cast<double>(window_.size()), 2));
  std::size_t band = 0;
  for (std::size_t bin = 0; bin < bins.size() && band < bands.size(); ++bin) {
    const double frequency = static_cast<double>(bin) * width;
    if (frequency < lowest_band_edge) continue;
    while (band < bands.size() && frequency >= band_edges[band]) ++band;
    if (band < bands.size()) bands[band] += static_cast<float>(std::norm(bins[bin]) * scale);
  }
  heard_.spectra.push_back(bands);
}

void Listener::end_hum() {
  std::vector<double> samples(hum_.begin(), hum_.end());
  samples.resize(hum_window_.size());
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] *= hum_window_[i];
  const auto at = [&](double frequency) {
    return static_cast<float>(power_at(samples, frequency, slow_rate_));
  };
  heard_.hums.push_back({at(50), at(60), (at(45) + at(55) + at(65)) / 3});
  hum_.clear();
}

}  // namespace nightingale

// What is remembered of a recording after hearing it once: a few numbers for each moment, so that hours of it
// take some megabytes.
//
// Frames of 20 ms hold level, peak and flat tops; every 50 ms a pitch is looked for, every 100 ms a spectrum
// is taken, every half second a mains hum is measured. Pitch and hum are heard at about 4 kHz (means of
// neighbouring samples), which is plenty for what lies below 400 Hz.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "audio/fourier.hpp"

namespace nightingale {

inline constexpr int frames_a_second = 50;
inline constexpr int pitches_a_second = 20;
inline constexpr int spectra_a_second = 10;
inline constexpr int hums_a_second = 2;

// The upper edges of the bands of a spectrum, in Hz; the first begins at 200 Hz, above hum and rumble.
inline constexpr std::array<double, 10> band_edges{500,  1000, 2000, 3000, 4000,
                                                   5000, 6000, 7000, 8000, 11000};
inline constexpr double lowest_band_edge = 200;

struct Frame {
  float power = 0;    // mean of squares
  float mean = 0;     // its constant part
  float peak = 0;     // largest absolute value
  bool flat = false;  // the samples at the peak stand still, as they do where a wave was cut off
};

struct Pitch {
  float frequency = 0;  // Hz; 0: nothing to hear
  float clarity = 0;    // how alike one period is to the next: 1 is a pure repetition
};

// Power in each band, in units of the samples' squares.
using BandPowers = std::array<float, band_edges.size()>;

// Power at the two mains frequencies, and at the frequencies beside them, where no voice reaches either.
struct Hum {
  float at_50 = 0, at_60 = 0, beside = 0;
};

struct Hearing {
  int rate = 0;
  std::int64_t samples = 0;
  std::int64_t first_broken = -1;  // the first sample that is no number, or infinite
  double constant = 0;             // mean of all samples
  float peak = 0;
  std::vector<Frame> frames;
  std::vector<Pitch> pitches;
  std::vector<BandPowers> spectra;
  std::vector<Hum> hums;

  double seconds() const { return rate == 0 ? 0 : static_cast<double>(samples) / rate; }
};

// Hears a recording block by block, of any size.
class Listener {
 public:
  explicit Listener(int rate);
  void hear(std::span<const float> samples);
  // A last frame that is not full counts when it is at least half full.
  Hearing finish();

 private:
  bool reached(std::int64_t a_second, std::size_t before) const;
  void take(float sample);
  void end_frame();
  void end_pitch();
  void end_spectrum();
  void end_hum();

  Hearing heard_;
  double sum_ = 0;
  std::vector<float> frame_;
  std::size_t frame_length_, flat_length_;

  std::size_t slow_factor_, slow_count_ = 0;
  double slow_sum_ = 0, slow_rate_;
  std::vector<float> pitch_, hum_;
  std::vector<double> hum_window_;

  std::unique_ptr<Fourier> transform_;
  std::vector<double> window_, spectrum_;
  std::size_t spectrum_place_ = 0;
};

}  // namespace nightingale

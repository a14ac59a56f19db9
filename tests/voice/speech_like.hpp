// Signals that are to the doctor what speech is: syllables of a harmonic tone or a hiss, gaps between them,
// pauses between phrases, a little noise underneath.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

namespace nightingale::test {

// Noise that is the same everywhere.
class Hiss {
 public:
  double next() {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<double>(state_ >> 11) / 4503599627370496.0 - 1;
  }

 private:
  std::uint64_t state_ = 42;
};

struct SpeechLike {
  double seconds = 8;
  int rate = 24000;
  double pitch = 120;     // Hz
  double loudness = 0.4;  // of a syllable's top
  double noise = 1e-4;    // amplitude underneath
  int harmonics = 25;

  std::vector<float> samples() const {
    constexpr double syllable = 0.25, sounding = 0.19, phrase = 2, pause = 0.35;
    Hiss hiss;
    std::vector<float> out(static_cast<std::size_t>(seconds * rate));
    for (std::size_t i = 0; i < out.size(); ++i) {
      const double time = static_cast<double>(i) / rate, inside = std::fmod(time, syllable);
      const bool silent = inside > sounding || std::fmod(time, phrase) > phrase - pause;
      const double envelope = silent ? 0 : std::pow(std::sin(std::numbers::pi * inside / sounding), 2);
      const bool hissing = static_cast<int>(time / syllable) % 4 == 3;
      const double underneath = hiss.next();
      const double sound = hissing ? 0.3 * hiss.next() : tone(time);
      out[i] = static_cast<float>(loudness * envelope * sound + noise * underneath);
    }
    return out;
  }

 private:
  double tone(double time) const {
    double sum = 0;
    for (int harmonic = 1; harmonic <= harmonics; ++harmonic) {
      sum += std::sin(2 * std::numbers::pi * pitch * harmonic * time) / harmonic;
    }
    return sum / 2;
  }
};

inline std::vector<float> sine(double seconds, int rate, double frequency, double amplitude) {
  std::vector<float> out(static_cast<std::size_t>(seconds * rate));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<float>(amplitude *
                                std::sin(2 * std::numbers::pi * frequency * static_cast<double>(i) / rate));
  }
  return out;
}

inline std::vector<float> operator+(std::vector<float> left, const std::vector<float>& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

inline std::vector<float> silence(double seconds, int rate = 24000) {
  return std::vector<float>(static_cast<std::size_t>(seconds * rate));
}

}  // namespace nightingale::test

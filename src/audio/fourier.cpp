#include "audio/fourier.hpp"

#include <algorithm>
#include <cassert>
#include <numbers>

namespace nightingale {

namespace {

using Complex = std::complex<double>;

// std::complex's own product looks for infinities first; there are none here.
inline Complex times(Complex a, Complex b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

inline Complex times_i(Complex a) {
  return {-a.imag(), a.real()};
}

std::vector<std::size_t> factors_of(std::size_t number) {
  std::vector<std::size_t> factors;
  for (; number > 0 && number % 4 == 0; number /= 4) factors.push_back(4);
  for (std::size_t prime = 2; number > 1; ++prime) {
    for (; number % prime == 0; number /= prime) factors.push_back(prime);
  }
  return factors;
}

// One stage: `done` transforms are interleaved already, each of `length` numbers that are left to do.
//
//   to[q + done·(radix·k + i)] = turn(i·k) · Σ_j from[q + done·(k + part·j)] · exp(−2πi·i·j/radix)
struct Stage {
  const Complex* from;
  Complex* to;
  std::size_t radix, part, done;  // radix·part·done is the whole length
  const Complex* turns;           // exp(−2πi·n/whole) at n·turn_step
  std::size_t turn_step;

  Complex turn(std::size_t n) const { return turns[n * done * turn_step]; }
};

// Each butterfly: the sum over j of `radix` numbers for every i.
inline void butterfly(const Complex (&a)[2], Complex (&b)[2]) {
  b[0] = a[0] + a[1];
  b[1] = a[0] - a[1];
}

inline void butterfly(const Complex (&a)[3], Complex (&b)[3]) {
  constexpr double sine = 0.86602540378443864676;  // of 120°
  const Complex sum = a[1] + a[2];
  const Complex middle = a[0] - 0.5 * sum;
  const Complex turned = times_i(sine * (a[1] - a[2]));
  b[0] = a[0] + sum;
  b[1] = middle - turned;
  b[2] = middle + turned;
}

inline void butterfly(const Complex (&a)[4], Complex (&b)[4]) {
  const Complex even = a[0] + a[2];
  const Complex odd = a[1] + a[3];
  const Complex difference = a[0] - a[2];
  const Complex turned = times_i(a[1] - a[3]);
  b[0] = even + odd;
  b[1] = difference - turned;
  b[2] = even - odd;
  b[3] = difference + turned;
}

inline void butterfly(const Complex (&a)[5], Complex (&b)[5]) {
  constexpr double cosine_1 = 0.30901699437494742410, cosine_2 = -0.80901699437494742410;  // of 72°, 144°
  constexpr double sine_1 = 0.95105651629515357212, sine_2 = 0.58778525229247312917;
  const Complex outer = a[1] + a[4], outer_difference = a[1] - a[4];
  const Complex inner = a[2] + a[3], inner_difference = a[2] - a[3];
  const Complex first = a[0] + cosine_1 * outer + cosine_2 * inner;
  const Complex second = a[0] + cosine_2 * outer + cosine_1 * inner;
  const Complex first_turned = times_i(sine_1 * outer_difference + sine_2 * inner_difference);
  const Complex second_turned = times_i(sine_2 * outer_difference - sine_1 * inner_difference);
  b[0] = a[0] + outer + inner;
  b[1] = first - first_turned;
  b[2] = second - second_turned;
  b[3] = second + second_turned;
  b[4] = first + first_turned;
}

template <std::size_t radix>
void run(const Stage& stage) {
  for (std::size_t k = 0; k < stage.part; ++k) {
    Complex turn[radix];
    for (std::size_t i = 1; i < radix; ++i) turn[i] = stage.turn(i * k);
    const Complex* from = stage.from + stage.done * k;
    Complex* to = stage.to + stage.done * radix * k;
    for (std::size_t q = 0; q < stage.done; ++q) {
      Complex a[radix], b[radix];
      for (std::size_t j = 0; j < radix; ++j) a[j] = from[q + stage.done * stage.part * j];
      butterfly(a, b);
      to[q] = b[0];
      for (std::size_t i = 1; i < radix; ++i) to[q + stage.done * i] = times(b[i], turn[i]);
    }
  }
}

void run_any(const Stage& stage) {
  const std::size_t step = stage.part * stage.done * stage.turn_step;  // of turns: 1/radix of a circle
  for (std::size_t k = 0; k < stage.part; ++k) {
    const Complex* from = stage.from + stage.done * k;
    Complex* to = stage.to + stage.done * stage.radix * k;
    for (std::size_t q = 0; q < stage.done; ++q) {
      for (std::size_t i = 0; i < stage.radix; ++i) {
        Complex sum = from[q];
        for (std::size_t j = 1; j < stage.radix; ++j) {
          sum += times(from[q + stage.done * stage.part * j], stage.turns[i * j % stage.radix * step]);
        }
        to[q + stage.done * i] = times(sum, stage.turn(i * k));
      }
    }
  }
}

// Two buffers of a thread's own, kept for its next transform.
struct Buffers {
  std::vector<Complex> first, second;
};

Buffers& buffers_for(std::size_t length) {
  thread_local Buffers buffers;
  if (buffers.first.size() < length) {
    buffers.first.resize(length);
    buffers.second.resize(length);
  }
  return buffers;
}

}  // namespace

Fourier::Fourier(std::size_t length) {
  assert(length > 0);
  turns_.reserve(length);
  for (std::size_t k = 0; k < length; ++k) {
    const double angle = -2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(length);
    turns_.push_back(std::polar(1.0, angle));
  }
  factors_ = factors_of(complex_length());
}

std::vector<std::complex<double>> Fourier::forward(std::span<const double> samples) const {
  std::vector<Complex> spectrum(bins());
  forward(samples, spectrum);
  return spectrum;
}

void Fourier::forward(std::span<const double> samples, std::span<std::complex<double>> spectrum) const {
  assert(samples.size() == length() && spectrum.size() == bins());
  Buffers& buffers = buffers_for(complex_length());
  Complex* z = buffers.first.data();
  if (!even()) {
    std::copy(samples.begin(), samples.end(), z);
    const Complex* whole = transform(z, buffers.second.data());
    std::copy_n(whole, bins(), spectrum.begin());
    return;
  }
  const std::size_t half = complex_length();
  for (std::size_t n = 0; n < half; ++n) z[n] = {samples[2 * n], samples[2 * n + 1]};
  z = transform(z, buffers.second.data());
  // The even samples' spectrum is z's symmetric half, the odd ones' is i times its antisymmetric half.
  spectrum[0] = z[0].real() + z[0].imag();
  spectrum[half] = z[0].real() - z[0].imag();
  for (std::size_t k = 1; k < half; ++k) {
    const Complex mirror = std::conj(z[half - k]);
    spectrum[k] = 0.5 * (z[k] + mirror - times(times_i(z[k] - mirror), turns_[k]));
  }
}

void Fourier::inverse(std::span<const std::complex<double>> spectrum, std::span<double> samples) const {
  assert(samples.size() == length() && spectrum.size() == bins());
  Buffers& buffers = buffers_for(complex_length());
  Complex* z = buffers.first.data();
  // An inverse transform is the forward one of the conjugated numbers, conjugated.
  if (!even()) {
    z[0] = spectrum[0].real();
    for (std::size_t k = 1; k < bins(); ++k) {
      z[k] = std::conj(spectrum[k]);
      z[length() - k] = spectrum[k];
    }
    z = transform(z, buffers.second.data());
    for (std::size_t n = 0; n < length(); ++n) samples[n] = z[n].real() / static_cast<double>(length());
    return;
  }
  const std::size_t half = complex_length();
  z[0] = {spectrum[0].real() + spectrum[half].real(), spectrum[half].real() - spectrum[0].real()};
  for (std::size_t k = 1; k < half; ++k) {
    const Complex mirror = std::conj(spectrum[half - k]);
    z[k] = std::conj(spectrum[k] + mirror + times_i(times(spectrum[k] - mirror, std::conj(turns_[k]))));
  }
  z = transform(z, buffers.second.data());
  for (std::size_t n = 0; n < half; ++n) {
    samples[2 * n] = z[n].real() / static_cast<double>(length());
    samples[2 * n + 1] = -z[n].imag() / static_cast<double>(length());
  }
}

std::complex<double>* Fourier::transform(Complex* from, Complex* other) const {
  std::size_t done = 1;
  for (const std::size_t radix : factors_) {
    const Stage stage{.from = from,
                      .to = other,
                      .radix = radix,
                      .part = complex_length() / done / radix,
                      .done = done,
                      .turns = turns_.data(),
                      .turn_step = length() / complex_length()};
    switch (radix) {
      case 2: run<2>(stage); break;
      case 3: run<3>(stage); break;
      case 4: run<4>(stage); break;
      case 5: run<5>(stage); break;
      default: run_any(stage);
    }
    std::swap(from, other);
    done *= radix;
  }
  return from;
}

}  // namespace nightingale

#include "audio/fourier.hpp"

#include <cassert>
#include <numbers>

namespace nightingale {

namespace {

std::vector<std::size_t> prime_factors(std::size_t number) {
  std::vector<std::size_t> factors;
  for (std::size_t prime = 2; number > 1; ++prime) {
    for (; number % prime == 0; number /= prime) factors.push_back(prime);
  }
  return factors;
}

}  // namespace

Fourier::Fourier(std::size_t length)
    : factors_(prime_factors(length)) {
  turns_.reserve(length);
  for (std::size_t k = 0; k < length; ++k) {
    const double angle = -2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(length);
    turns_.push_back(std::polar(1.0, angle));
  }
}

std::vector<std::complex<double>> Fourier::forward(std::span<const double> samples) const {
  assert(samples.size() == length());
  std::vector<Complex> spectrum(length());
  transform(samples.data(), 1, spectrum.data(), length(), 0);
  spectrum.resize(bins());
  return spectrum;
}

void Fourier::transform(const double* in, std::size_t stride, Complex* out, std::size_t length,
                        std::size_t factor) const {
  if (length == 1) {
    *out = *in;
    return;
  }
  const std::size_t radix = factors_[factor];
  const std::size_t part = length / radix;
  for (std::size_t r = 0; r < radix; ++r) {
    transform(in + r * stride, stride * radix, out + r * part, part, factor + 1);
  }
  // X[q·part + k] = Σ_r turn(r·k)·part_r[k]·turn(r·q·part): `stride` scales turns of this length to the
  // whole's.
  std::vector<Complex> turned(radix);
  for (std::size_t k = 0; k < part; ++k) {
    for (std::size_t r = 0; r < radix; ++r) turned[r] = out[r * part + k] * turns_[r * k * stride];
    for (std::size_t q = 0; q < radix; ++q) {
      Complex sum = turned[0];
      for (std::size_t r = 1; r < radix; ++r) {
        sum += turned[r] * turns_[r * q % radix * part * stride];
      }
      out[q * part + k] = sum;
    }
  }
}

}  // namespace nightingale

// The discrete Fourier transform of real samples and its inverse, in double precision.
//
//   X[k] = Σ x[n]·exp(−2πi·k·n/length)        x[n] = 1/length · Σ X[k]·exp(+2πi·k·n/length)
//
// Mixed radix (Cooley and Tukey 1965) in Stockham's order, which needs no sorting: each stage takes one
// factor of the length from one buffer to another. An even length is a complex transform of half of it, even
// samples in the real part and odd ones in the imaginary one. Any length works; a large prime factor p costs
// p² instead of p·log p.
//
// A Fourier is a plan: made once for a length, used by any number of threads at a time. The calls that write
// into spans allocate nothing after a thread's first.
#pragma once

#include <complex>
#include <cstddef>
#include <span>
#include <vector>

namespace nightingale {

class Fourier {
 public:
  explicit Fourier(std::size_t length);

  std::size_t length() const { return turns_.size(); }
  std::size_t bins() const { return length() / 2 + 1; }

  // The bins 0 … length/2 of `length` real samples; the others are their mirror image.
  std::vector<std::complex<double>> forward(std::span<const double> samples) const;

  // The same into `spectrum`, which has bins() numbers.
  void forward(std::span<const double> samples, std::span<std::complex<double>> spectrum) const;

  // The `length` samples whose bins 0 … length/2 are `spectrum`: inverse(forward(x)) is x. The imaginary
  // parts of bin 0, and of bin length/2 where the length is even, belong to no real samples and are ignored.
  void inverse(std::span<const std::complex<double>> spectrum, std::span<double> samples) const;

 private:
  using Complex = std::complex<double>;

  bool even() const { return length() % 2 == 0; }
  std::size_t complex_length() const { return even() ? length() / 2 : length(); }

  // Transforms the complex_length() numbers of `from`, which are lost; returns where the result is: `from` or
  // `other`.
  Complex* transform(Complex* from, Complex* other) const;

  std::vector<std::size_t> factors_;  // of complex_length(): fours, then primes ascending
  std::vector<Complex> turns_;        // exp(−2πi·k/length)
};

}  // namespace nightingale

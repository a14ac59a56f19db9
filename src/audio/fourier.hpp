// The discrete Fourier transform of a length with small prime factors, in double precision.
//
//   X[k] = Σ x[n]·exp(−2πi·k·n/length)
//
// Mixed radix, decimation in time (Cooley and Tukey 1965): a length radix·part is `radix` transforms of
// `part` interleaved numbers, turned and added. Any length works; a large prime factor p costs p² instead of
// p·log p.
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

 private:
  using Complex = std::complex<double>;

  // Transforms the `length` samples in[0], in[stride], in[2·stride] … into `out`, its factors from `factor`
  // on.
  void transform(const double* in, std::size_t stride, Complex* out, std::size_t length,
                 std::size_t factor) const;

  std::vector<std::size_t> factors_;  // prime, ascending
  std::vector<Complex> turns_;        // exp(−2πi·k/length)
};

}  // namespace nightingale

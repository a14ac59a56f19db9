// Elementary functions as branch-free polynomials that a compiler can vectorise, good to about 1e-7 of the
// result's size (2 units in the last place of float).
//
// Each reduces its argument to a short interval and evaluates a minimax polynomial there; the coefficients
// were fitted for this file (weighted least squares with Lawson's reweighting, 40 digits), so that the fit's
// own error stays below 1e-8. tests/kernels/functions_test.cpp holds every one against the double function.
#pragma once

#include <bit>
#include <cstdint>

#include "base/multiversion.hpp"

namespace nightingale::cpu {

// Adding it to a number below 2^22 leaves the nearest integer in the low bits of the mantissa: a rounding
// and a conversion without instructions that only newer machines have.
constexpr float rounder = 12582912.0F;  // 1.5 · 2^23

NIGHTINGALE_INLINE float select(bool condition, float yes, float no) {
  return condition ? yes : no;
}

// e^x = 2^n · (1 + fraction) with x = n·ln 2 + r and |r| ≤ ln(2)/2.
struct Exponential {
  std::int32_t n;
  float fraction;  // e^r − 1
};

NIGHTINGALE_INLINE Exponential reduced_exponential(float x) {
  constexpr float log2_e = 1.44269504F;
  constexpr float ln2_high = 0.693359375F;  // few bits: n · ln2_high is exact
  constexpr float ln2_low = -2.12194440e-4F;
  const float rounded = x * log2_e + rounder;
  const float whole = rounded - rounder;
  const float r = (x - whole * ln2_high) - whole * ln2_low;
  float q = 1.97902482e-4F;
  q = q * r + 1.39447593e-3F;
  q = q * r + 8.33349768e-3F;
  q = q * r + 4.16662954e-2F;
  q = q * r + 1.66666657e-1F;
  q = q * r + 0.5F;
  return {std::bit_cast<std::int32_t>(rounded) - std::bit_cast<std::int32_t>(rounder), r + r * r * q};
}

NIGHTINGALE_INLINE float power_of_two(std::int32_t n) {
  constexpr std::int32_t bias = 127, mantissa_bits = 23;
  return std::bit_cast<float>((n + bias) << mantissa_bits);
}

// e^x for |x| ≤ 87.
NIGHTINGALE_INLINE float moderate_exponential(float x) {
  const Exponential e = reduced_exponential(x);
  const float power = power_of_two(e.n);
  return power + power * e.fraction;
}

struct ExponentialParts {
  float half, other_half;  // two powers of two whose product is 2^n, so that neither leaves the range early
  float fraction;
};

NIGHTINGALE_INLINE ExponentialParts exponential_parts(float x) {
  constexpr float lowest = -104.0F;  // e^x is 0 below
  constexpr float highest = 89.0F;   // and infinite above
  x = select(x < lowest, lowest, x);
  x = select(x > highest, highest, x);
  const Exponential e = reduced_exponential(x);
  const std::int32_t first = e.n >> 1;
  return {power_of_two(first), power_of_two(e.n - first), e.fraction};
}

NIGHTINGALE_INLINE float exponential(float x) {
  const ExponentialParts parts = exponential_parts(x);
  return (parts.half + parts.half * parts.fraction) * parts.other_half;
}

// e^x − 1, also where x is tiny.
NIGHTINGALE_INLINE float exponential_minus_one(float x) {
  const ExponentialParts parts = exponential_parts(x);
  const float power = parts.half * parts.other_half;
  return power * parts.fraction + (power - 1.0F);
}

NIGHTINGALE_INLINE float sigmoid(float x) {
  return 1.0F / (1.0F + exponential(-x));
}

NIGHTINGALE_INLINE float silu(float x) {
  return x / (1.0F + exponential(-x));
}

// x · tanh(log(1 + e^x)) = x · w/(w + 2) with w = e^x·(e^x + 2); above 20 the quotient is 1.
NIGHTINGALE_INLINE float mish(float x) {
  constexpr float saturated = 20.0F;
  const float e = exponential(select(x > saturated, saturated, x));
  const float w = e * (e + 2.0F);
  return x * (w / (w + 2.0F));
}

// Odd polynomial near 0, 1 − 2/(e^2|x| + 1) elsewhere.
NIGHTINGALE_INLINE float hyperbolic_tangent(float x) {
  constexpr float near_zero = 0.5625F;
  const float size = select(x < 0, -x, x);
  const float z = x * x;
  float q = -6.18863246e-3F;
  q = q * z + 2.10142732e-2F;
  q = q * z - 5.38392440e-2F;
  q = q * z + 1.33324713e-1F;
  q = q * z - 3.33333135e-1F;
  const float small = x + x * z * q;
  const float large = 1.0F - 2.0F / (exponential(2.0F * size) + 1.0F);
  return select(size < near_zero, small, select(x < 0, -large, large));
}

// x · Φ(x), the exact form: of Φ(−|x|) = e^−p(|x|)/2, p fitted to −log(erfc(|x|/√2)); above 5.66 it is 8e-9.
NIGHTINGALE_INLINE float gelu(float x) {
  constexpr float saturated = 5.65685425F;
  const float absolute = select(x < 0, -x, x);
  const float size = select(absolute > saturated, saturated, absolute);
  float p = 1.54423124e-08F;
  p = p * size - 4.78354081e-07F;
  p = p * size + 6.35114248e-06F;
  p = p * size - 4.57919444e-05F;
  p = p * size + 1.69633394e-04F;
  p = p * size + 4.82023589e-05F;
  p = p * size - 4.87049638e-03F;
  p = p * size + 3.63835634e-02F;
  p = p * size + 3.18297863e-01F;
  p = p * size + 7.97885544e-01F;
  const float beyond = 0.5F * x * moderate_exponential(-p * size);
  return select(x < 0, beyond, x - beyond);
}

// sin x = ±sin r with x = n·π + r; π in four parts of few bits, so that n · part is exact up to |x| = 25 000.
NIGHTINGALE_INLINE float sine(float x) {
  constexpr float one_over_pi = 0.318309886F;
  constexpr float pi_1 = 3.140625F, pi_2 = 9.67025757e-4F, pi_3 = 6.27711415e-7F, pi_4 = 1.21542010e-10F;
  const float rounded = x * one_over_pi + rounder;
  const float n = rounded - rounder;
  const float r = (((x - n * pi_1) - n * pi_2) - n * pi_3) - n * pi_4;
  const float z = r * r;
  float q = -2.39073614e-8F;
  q = q * z + 2.75265188e-6F;
  q = q * z - 1.98408918e-4F;
  q = q * z + 8.33333097e-3F;
  q = q * z - 1.66666672e-1F;
  const float result = r + r * z * q;
  const std::uint32_t odd = std::bit_cast<std::uint32_t>(rounded) << 31;  // n's lowest bit, as a sign
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(result) ^ odd);
}

}  // namespace nightingale::cpu

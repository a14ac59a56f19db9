// See random.hpp. Sources: Matsumoto and Nishimura's MT19937 (1998); the order of draws by experiment on
// torch 2.13.
//
// What is odd: `normal` with a length that is no multiple of 16 draws its last 16 values a second time, from
// 16 further uniforms; and its angle is rounded to float before the sine is taken, which must be kept: near
// 2π that rounding alone moves a value by 1e-6.
#include "tensor/random.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nightingale {
namespace {

// MT19937's constants, by their names in the paper.
constexpr std::size_t middle_word = 397;
constexpr std::uint32_t matrix = 0x9908b0df;
constexpr std::uint32_t upper_mask = 0x80000000;
constexpr std::uint32_t lower_mask = 0x7fffffff;
constexpr std::uint32_t seed_multiplier = 1812433253;

// PyTorch's normal draws work on blocks of this many values.
constexpr std::size_t block = 16;
constexpr std::size_t pairs = block / 2;

constexpr int float_bits = 24;   // of a float32's significand, and so of a uniform draw
constexpr int double_bits = 53;  // of a float64's

std::uint32_t temper(std::uint32_t word) {
  word ^= word >> 11;
  word ^= (word << 7) & 0x9d2c5680;
  word ^= (word << 15) & 0xefc60000;
  return word ^ (word >> 18);
}

std::uint32_t twisted(std::uint32_t word, std::uint32_t next, std::uint32_t middle) {
  const std::uint32_t joined = (word & upper_mask) | (next & lower_mask);
  return middle ^ (joined >> 1) ^ (-(joined & 1) & matrix);
}

float uniform_of(std::uint32_t bits) {
  constexpr std::uint32_t mask = (1u << float_bits) - 1;
  constexpr float scale = 1.0f / (1u << float_bits);
  return static_cast<float>(static_cast<std::int32_t>(bits & mask)) * scale;
}

// 16 uniforms become 16 normals in place: pairs (i, i + 8) are the radius and the angle of Box-Muller.
void box_muller(float* values) {
  constexpr float turn = 2.0f * std::numbers::pi_v<float>;
  for (std::size_t i = 0; i < pairs; ++i) {
    const float radius = std::sqrt(-2.0f * std::log(1.0f - values[i]));
    const float angle = turn * values[i + pairs];
    values[i] = radius * std::cos(angle);
    values[i + pairs] = radius * std::sin(angle);
  }
}

}  // namespace

Random::Random(std::uint64_t seed) {
  state_[0] = static_cast<std::uint32_t>(seed);
  for (std::uint32_t i = 1; i < words; ++i) {
    state_[i] = seed_multiplier * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
  }
}

// The next 624 outputs. Three loops instead of one with remainders, so that the compiler can vectorise them.
void Random::twist() {
  constexpr std::size_t first = words - middle_word;
  for (std::size_t i = 0; i < first; ++i) {
    state_[i] = twisted(state_[i], state_[i + 1], state_[i + middle_word]);
  }
  for (std::size_t i = first; i < words - 1; ++i) {
    state_[i] = twisted(state_[i], state_[i + 1], state_[i - first]);
  }
  state_[words - 1] = twisted(state_[words - 1], state_[0], state_[middle_word - 1]);
  for (std::size_t i = 0; i < words; ++i) output_[i] = temper(state_[i]);
  used_ = 0;
}

std::uint32_t Random::bits() {
  if (used_ == words) twist();
  return output_[used_++];
}

std::uint64_t Random::wide_bits() {
  const std::uint64_t high = bits();
  return high << 32 | bits();
}

void Random::skip(std::size_t count) {
  while (count > words - used_) {
    count -= words - used_;
    twist();
  }
  used_ += count;
}

float Random::next_uniform() {
  return uniform_of(bits());
}

double Random::next_wide_uniform() {
  constexpr std::uint64_t mask = (std::uint64_t{1} << double_bits) - 1;
  return static_cast<double>(wide_bits() & mask) / static_cast<double>(mask + 1);
}

void Random::uniform(std::span<float> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    if (used_ == words) twist();
    const std::size_t count = std::min(words - used_, out.size() - done);
    for (std::size_t i = 0; i < count; ++i) out[done + i] = uniform_of(output_[used_ + i]);
    used_ += count;
    done += count;
  }
}

void Random::uniform(std::span<float> out, float low, float high) {
  const float width = high - low;
  for (float& value : out) value = std::fma(next_uniform(), width, low);
}

void Random::normal(std::span<float> out) {
  if (out.size() < block) {
    for (float& value : out) value = next_scalar_normal();
    return;
  }
  uniform(out);
  for (std::size_t i = 0; i + block <= out.size(); i += block) box_muller(&out[i]);
  if (out.size() % block != 0) {
    const std::span<float> last = out.last(block);
    uniform(last);
    box_muller(last.data());
  }
}

void Random::skip_normal(std::size_t count) {
  if (count < block) {
    for (std::size_t i = 0; i < count; ++i) next_scalar_normal();
    return;
  }
  skip(count + (count % block != 0 ? block : 0));
}

// The path of fewer than 16 values: double arithmetic, the sine's half of a pair kept for the next value,
// also across calls.
float Random::next_scalar_normal() {
  if (has_kept_normal_) {
    has_kept_normal_ = false;
    return static_cast<float>(kept_normal_);
  }
  const double angle = 2.0 * std::numbers::pi * next_wide_uniform();
  const double radius = std::sqrt(-2.0 * std::log1p(-next_wide_uniform()));
  kept_normal_ = radius * std::sin(angle);
  has_kept_normal_ = true;
  return static_cast<float>(radius * std::cos(angle));
}

float Random::next_exponential() {
  return static_cast<float>(-std::log1p(-next_wide_uniform()));
}

void Random::exponential(std::span<float> out) {
  for (float& value : out) value = next_exponential();
}

std::size_t Random::multinomial(std::span<const float> weights) {
  std::size_t best = 0;
  float best_score = -1;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const float score = weights[i] / next_exponential();
    if (score > best_score) {
      best_score = score;
      best = i;
    }
  }
  return best;
}

}  // namespace nightingale

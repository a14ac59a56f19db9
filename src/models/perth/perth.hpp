// Perth, the implicit watermark: a sound of levels that nobody hears, added below 2 kHz, and the network that
// finds it again.
//
//   encoder   residual = tower(levels)·audible            what is added to the levels of each frame
//   decoder   three towers on the levels as they are, stretched to 1.25 and shrunk to 0.75 of their frames,
//             each giving [weight, mark] a frame
// Levels are magnitudes in dB on a scale of −180 … 15 as 0 … 1. Everything around the network (the spectrum,
// the stretching, the means) is synthesis/watermark. Source: resemble-perth 1.0.1 perth_net_implicit/model.
#pragma once

#include <array>
#include <vector>

#include "models/perth/tower.hpp"
#include "models/signature.hpp"

namespace nightingale::perth {

// The decoder's branches, by how long they see the sound.
enum class Branch { slow, normal, fast };
inline constexpr std::array branches{Branch::slow, Branch::normal, Branch::fast};

inline const Axis frame = unknown("frame");  // 100 Hz: columns of the watermark's own spectrum

class Perth {
 public:
  // The root of a checkpoint.
  explicit Perth(Binder at);

  // How many bins, from the lowest on, the network sees and changes: 128.
  std::int64_t bins() const { return bin_.size.resolved().number(); }

  // levels [batch, frame, bin], audible [batch, frame] (1 or 0) → residual [batch, frame, bin]
  Tensor encode(Ops& op, const Lengths& lengths, const Tensor& levels, const Tensor& audible) const;

  // levels [batch, frame, bin] of one branch → [batch, frame, answer]: how much the frame counts, whether it
  // is marked
  Tensor decode(Ops& op, const Lengths& lengths, const Tensor& levels, Branch branch) const;

  static std::vector<Signature> signatures();

 private:
  Axis bin_;
  Tower encoder_;
  std::array<Tower, branches.size()> decoders_;  // in the order of `branches`
};

}  // namespace nightingale::perth

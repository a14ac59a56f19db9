#include "voice/speakers.hpp"

#include <algorithm>
#include <cmath>

namespace nightingale {

namespace {

constexpr float clear = 0.7F;               // likeness of periods from which on a pitch is one
constexpr std::size_t longest_gap = 4;      // moments without pitch inside a phrase: 0.2 s
constexpr std::size_t shortest_phrase = 6;  // moments with pitch: 0.3 s
constexpr std::size_t longest_phrase = 20;  // 1 s: people take turns within a breath
constexpr double apart = 7;                 // semitones between the groups; one speaker's phrases lie closer
constexpr double tight = 2.5;               // semitones, mean distance within a group
constexpr double least_share = 0.2;         // of the moments, for the smaller group

struct Phrase {
  double pitch = 0;  // in semitones of 1 Hz
  double moments = 0;
};

double semitones(double frequency) {
  return 12 * std::log2(frequency);
}

std::vector<Phrase> phrases_of(const std::vector<Pitch>& pitches) {
  std::vector<Phrase> phrases;
  std::vector<double> open;
  const auto close = [&] {
    if (open.size() >= shortest_phrase) {
      const auto middle = open.begin() + static_cast<std::ptrdiff_t>(open.size() / 2);
      std::nth_element(open.begin(), middle, open.end());
      phrases.push_back({*middle, static_cast<double>(open.size())});
    }
    open.clear();
  };
  std::size_t gap = 0;
  for (const Pitch& pitch : pitches) {
    const bool sounds = pitch.clarity >= clear && pitch.frequency > 0;
    gap = sounds ? 0 : gap + 1;
    if (sounds) open.push_back(semitones(pitch.frequency));
    if (gap > longest_gap || open.size() >= longest_phrase) close();
  }
  close();
  return phrases;
}

struct Group {
  double moments = 0, center = 0, spread = 0;
};

Group group_of(const std::vector<Phrase>& phrases, std::size_t first, std::size_t last) {
  Group group;
  for (std::size_t i = first; i < last; ++i) {
    group.moments += phrases[i].moments;
    group.center += phrases[i].moments * phrases[i].pitch;
  }
  group.center /= group.moments;
  for (std::size_t i = first; i < last; ++i) {
    group.spread += phrases[i].moments * std::abs(phrases[i].pitch - group.center) / group.moments;
  }
  return group;
}

}  // namespace

std::optional<TwoVoices> two_voices(const std::vector<Pitch>& pitches) {
  std::vector<Phrase> phrases = phrases_of(pitches);
  if (phrases.size() < 2) return std::nullopt;
  std::sort(phrases.begin(), phrases.end(),
            [](const Phrase& left, const Phrase& right) { return left.pitch < right.pitch; });
  // The widest gap parts the groups.
  std::size_t split = 1;
  for (std::size_t i = 1; i < phrases.size(); ++i) {
    if (phrases[i].pitch - phrases[i - 1].pitch > phrases[split].pitch - phrases[split - 1].pitch) split = i;
  }
  const Group low = group_of(phrases, 0, split), high = group_of(phrases, split, phrases.size());
  const bool large = std::min(low.moments, high.moments) >= least_share * (low.moments + high.moments);
  if (!large || high.center - low.center < apart || low.spread > tight || high.spread > tight)
    return std::nullopt;
  return TwoVoices{std::exp2(low.center / 12), std::exp2(high.center / 12)};
}

}  // namespace nightingale

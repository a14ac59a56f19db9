#include "voice/stretch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "voice/speakers.hpp"

namespace nightingale {

namespace {

constexpr double silence_power = 1e-12;  // -120 dB: what the logarithm sees of nothing

// The threshold of speech: a third up from the noise to the loud frames, but no more than 35 dB below these,
// where the quietest consonants end.
constexpr double threshold_share = 0.3, quietest_speech = 35;
constexpr double loud_share = 0.95, noise_share = 0.1;  // of the sorted frames
constexpr double steady_range = 6;  // dB from noise to loud below which nothing rises out of anything
constexpr double dip_depth = 15;    // dB below loud: the gaps between syllables are deeper

constexpr std::size_t shortest_burst = 3;  // frames of speech in a row; a shorter one is a click
constexpr std::size_t shortest_pause = 6;  // frames: 120 ms; the closure of a plosive is shorter
constexpr double kept_silence = 0.2;       // s left at an end that is trimmed: no breath is cut into
constexpr double long_silence = 0.5;       // s at an end of a short recording that is worth trimming

// What makes ten seconds good, each about as much as a tenth more speech.
constexpr double enough_speech = 0.85;      // share: beyond it speech has no pauses left, which is no gain
constexpr double steady_cost = 0.5;         // for the share of frames in a sound too long for one breath
constexpr std::size_t longest_sound = 250;  // frames: 5 s without any gap are music or noise, not a phrase
constexpr double flat_cost = 5;             // for each share of frames that are cut off
constexpr double level_cost = 0.02;         // for each dB below the best level
constexpr double distance_worth = 0.01;     // for each dB from noise to speech
constexpr double best_distance = 40;        // dB; more is not heard
constexpr double length_worth = 0.03;       // for each second
constexpr double pause_worth = 0.1;         // for a beginning or an end in a pause
constexpr double shortest_share = 0.85;     // of 10 s, when that lets it end in a pause
constexpr double one_speaker_worth = 0.2;
constexpr std::size_t most_tried = 2000;  // candidates, of which neighbours are alike
constexpr std::size_t step = 5;           // frames from one candidate to the next

std::size_t frames_in(double seconds) {
  return static_cast<std::size_t>(std::lround(seconds * frames_a_second));
}

double sorted_at(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return decibels(0);
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

// Whether each frame is speech: above the threshold, in a burst that is no click, short gaps filled.
std::vector<bool> speech_frames(const std::vector<double>& frames, double threshold) {
  std::vector<bool> speaks(frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i) speaks[i] = frames[i] > threshold;
  const auto flip_short = [&](bool value, std::size_t shortest) {
    for (std::size_t i = 0; i < speaks.size();) {
      std::size_t end = i;
      while (end < speaks.size() && speaks[end] == speaks[i]) ++end;
      const bool inside = i > 0 && end < speaks.size();
      if (speaks[i] == value && end - i < shortest && (value || inside)) {
        std::fill(speaks.begin() + static_cast<std::ptrdiff_t>(i),
                  speaks.begin() + static_cast<std::ptrdiff_t>(end), !value);
      }
      i = end;
    }
  };
  flip_short(true, shortest_burst);
  flip_short(false, shortest_pause);
  return speaks;
}

// The frames of sounds too long to be speech.
std::vector<bool> steady_frames(const std::vector<bool>& speaks) {
  std::vector<bool> steady(speaks.size());
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= speaks.size(); ++i) {
    if (i < speaks.size() && speaks[i]) continue;
    if (i - begin > longest_sound) {
      std::fill(steady.begin() + static_cast<std::ptrdiff_t>(begin),
                steady.begin() + static_cast<std::ptrdiff_t>(i), true);
    }
    begin = i + 1;
  }
  return steady;
}

// Sums up to each frame, so that any stretch is a difference of two.
class Sums {
 public:
  Sums(const Hearing& heard, const std::vector<double>& frames, const std::vector<bool>& speaks)
      : counts_(frames.size() + 1) {
    const std::vector<bool> steady = steady_frames(speaks);
    for (std::size_t i = 0; i < frames.size(); ++i) {
      Count& count = counts_[i + 1];
      count = counts_[i];
      const double power = std::pow(10, frames[i] / 10);
      const Frame& frame = heard.frames[i];
      if (speaks[i]) {
        count.speech += 1;
        count.steady += steady[i] ? 1 : 0;
        count.speech_power += power;
        count.flat += frame.flat && frame.peak >= 0.99F * heard.peak ? 1 : 0;
      } else if (frames[i] > digital_silence) {
        count.quiet += 1;
        count.quiet_power += power;
      }
    }
  }

  double score(Stretch stretch, double best_level) const {
    const Count& from = counts_[stretch.first];
    const Count& to = counts_[stretch.last];
    const auto length = static_cast<double>(stretch.last - stretch.first);
    const double speech = to.speech - from.speech, quiet = to.quiet - from.quiet;
    if (speech == 0) return -std::numeric_limits<double>::infinity();
    const double share = speech / length;
    const double level = decibels((to.speech_power - from.speech_power) / speech);
    const double noise = quiet > 0 ? decibels((to.quiet_power - from.quiet_power) / quiet) : digital_silence;
    const double distance = std::clamp(level - noise, 0.0, best_distance);
    return std::min(share, enough_speech) - steady_cost * (to.steady - from.steady) / length -
           flat_cost * (to.flat - from.flat) / length - level_cost * std::max(0.0, best_level - level) +
           distance_worth * distance + length_worth * stretch.seconds();
  }

 private:
  struct Count {
    double speech = 0, speech_power = 0, steady = 0, flat = 0, quiet = 0, quiet_power = 0;
  };
  std::vector<Count> counts_;
};

Stretch without_silence(Stretch stretch, const std::vector<bool>& speaks, double kept) {
  std::size_t first = stretch.first, last = stretch.last;
  while (first < last && !speaks[first]) ++first;
  while (last > first && !speaks[last - 1]) --last;
  if (first == last) return stretch;
  const std::size_t margin = frames_in(kept);
  return {first - std::min(margin, first - stretch.first), last + std::min(margin, stretch.last - last)};
}

// The longest beginning of `most` frames that ends in a pause, when that is not much shorter.
std::size_t end_in_pause(std::size_t first, std::size_t most, const std::vector<bool>& speaks) {
  const std::size_t last = first + most;
  const auto least = static_cast<std::size_t>(shortest_share * static_cast<double>(most));
  for (std::size_t end = last; end >= first + least; --end) {
    if (end == speaks.size() || !speaks[end]) return end;
  }
  return last;
}

struct Candidate {
  Stretch stretch;
  double score = 0;
};

std::vector<Candidate> candidates(const Hearing& heard, const std::vector<double>& frames,
                                  const std::vector<bool>& speaks, double level) {
  const Sums sums(heard, frames, speaks);
  const std::size_t most = std::min(frames_in(longest_stretch_seconds), frames.size());
  std::vector<Candidate> all;
  for (std::size_t first = 0; first + most <= frames.size(); first += step) {
    const Stretch stretch{first, end_in_pause(first, most, speaks)};
    double score = sums.score(stretch, level);
    if (first == 0 || !speaks[first]) score += pause_worth;
    if (stretch.last == frames.size() || !speaks[stretch.last]) score += pause_worth;
    all.push_back({stretch, score});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Candidate& left, const Candidate& right) { return left.score > right.score; });
  return all;
}

// The best one, unless two people seem to speak in it and one person in another that is nearly as good.
Stretch best_of(const std::vector<Candidate>& sorted, const Hearing& heard) {
  for (std::size_t i = 0; i < std::min(sorted.size(), most_tried); ++i) {
    if (sorted[i].score < sorted.front().score - one_speaker_worth) break;
    if (!two_voices(pitches_of(heard, sorted[i].stretch))) return sorted[i].stretch;
  }
  return sorted.front().stretch;
}

Choice pick(const Hearing& heard, const std::vector<double>& frames, const Levels& levels) {
  const std::vector<bool> speaks = speech_frames(frames, levels.threshold);
  const Stretch best = best_of(candidates(heard, frames, speaks, levels.speech), heard);
  const Stretch trimmed = without_silence(best, speaks, kept_silence);
  return {trimmed, best.seconds() - trimmed.seconds(), true};
}

}  // namespace

std::vector<Pitch> pitches_of(const Hearing& heard, Stretch stretch) {
  const auto at = [&](double seconds) {
    const auto place = static_cast<std::size_t>(seconds * pitches_a_second);
    return heard.pitches.begin() + static_cast<std::ptrdiff_t>(std::min(heard.pitches.size(), place));
  };
  return {at(stretch.from()), at(stretch.to())};
}

double decibels(double power) {
  return 10 * std::log10(std::max(power, silence_power));
}

std::vector<double> frame_levels(const Hearing& heard) {
  std::vector<double> levels;
  levels.reserve(heard.frames.size());
  for (const Frame& frame : heard.frames) {
    const double shifted = frame.power - 2 * heard.constant * frame.mean + heard.constant * heard.constant;
    // Digital silence has no constant part to take out.
    levels.push_back(decibels(std::min(static_cast<double>(frame.power), shifted)));
  }
  return levels;
}

Levels levels_of(const std::vector<double>& frames, Stretch stretch) {
  // Digital silence at the ends was added to the recording; inside it is the silence of the room.
  std::size_t first = stretch.first, last = stretch.last;
  while (first < last && frames[first] <= digital_silence) ++first;
  while (last > first && frames[last - 1] <= digital_silence) --last;
  std::vector<double> sorted(frames.begin() + static_cast<std::ptrdiff_t>(first),
                             frames.begin() + static_cast<std::ptrdiff_t>(last));
  std::sort(sorted.begin(), sorted.end());
  const std::vector<double> audible(std::upper_bound(sorted.begin(), sorted.end(), digital_silence),
                                    sorted.end());
  Levels levels;
  levels.loud = sorted_at(audible, loud_share);
  const double floor = sorted_at(sorted, noise_share);
  const double range = levels.loud - floor;
  levels.threshold = range < steady_range
                         ? floor - steady_range
                         : std::max(floor + threshold_share * range, levels.loud - quietest_speech);
  double speech = 0, speaking = 0, dips = 0;
  for (const double level : sorted) {
    speech += level > levels.threshold ? std::pow(10, level / 10) : 0;
    speaking += level > levels.threshold ? 1 : 0;
    dips += level < levels.loud - dip_depth ? 1 : 0;
  }
  const auto count = static_cast<double>(std::max<std::size_t>(stretch.last - stretch.first, 1));
  levels.speech = decibels(speaking > 0 ? speech / speaking : 0);
  levels.noise = floor;
  levels.share = speaking / count;
  levels.dips = dips / count;
  return levels;
}

Choice choose_stretch(const Hearing& heard, const std::vector<double>& frames) {
  const Stretch whole{0, frames.size()};
  const Levels levels = levels_of(frames, whole);
  if (heard.seconds() > longest_stretch_seconds) return pick(heard, frames, levels);
  const std::vector<bool> speaks = speech_frames(frames, levels.threshold);
  const Stretch bare = without_silence(whole, speaks, 0);
  const Stretch kept = without_silence(whole, speaks, kept_silence);
  Choice choice{whole, 0, false};
  if (bare.from() > long_silence) choice.stretch.first = kept.first;
  if (whole.to() - bare.to() > long_silence) choice.stretch.last = kept.last;
  choice.trimmed = whole.seconds() - choice.stretch.seconds();
  return choice;
}

}  // namespace nightingale

#include "voice/doctor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/failure.hpp"
#include "voice/speakers.hpp"

namespace nightingale {

namespace {

// What cannot be baked at all.
constexpr double shortest_seconds = 0.5;  // two syllables; upstream's networks need some frames
constexpr double silent_level = -70;      // dB: the loudest frames of a microphone that was off
constexpr double all_flat = 0.9;          // share of frames that are cut off: nothing of a voice is left

// What makes a voice worse.
constexpr double short_seconds = 5;  // upstream's own advice; T3 is prompted with 6 s
constexpr double flat_share = 0.01;  // of the frames: one is a click, one in a hundred is a habit
constexpr double near_peak = 0.99;   // of the recording's peak: where a limit was, if there was one
constexpr double quiet_level = -40;  // dB: 16 bits leave little; usual speech is at -25
constexpr double noisy_distance =
    20;  // dB from noise to speech: a fan in the room; below it is heard at once
constexpr double little_speech = 0.35;   // share: read speech has 0.6 to 0.85
constexpr double constant_level = 0.02;  // of full scale
constexpr double cancelled = 10;         // dB that the mean of the channels is below the loudest of them
constexpr double few_dips = 0.08;        // share of frames well below the loud ones: speech has 0.2 and more
constexpr double tonal_clarity = 0.6;    // median of the periods' likeness: a held tone has 0.9, noise 0.3
constexpr double steady_seconds = 2;     // shorter than this, one word may have no pause

// How far up the spectrum reaches: the highest band that is ever within 50 dB of the loudest one. A hiss is
// no more than 30 dB below a vowel, and upstream listens up to 8 kHz.
constexpr double sounding_range = 40;   // dB below the loudest spectrum: pauses do not count
constexpr double band_reach = 50;       // dB
constexpr double band_share = 0.95;     // of the spectra are weaker: the sharpest hiss counts
constexpr double telephone_top = 4500;  // Hz; telephones end at 3.4 kHz
constexpr double dull_top = 6500;       // Hz

constexpr double hum_distance = 40;  // dB below speech from which on it does not matter
constexpr double hum_rise = 10;      // dB above the frequencies beside
constexpr double hum_share = 0.2;    // of the half seconds are weaker: hum is always there, speech is not

using Severity = Finding::Severity;

template <typename Item>
std::vector<Item> part(const std::vector<Item>& all, Stretch stretch, int a_second) {
  const auto at = [&](double seconds) {
    return all.begin() + static_cast<std::ptrdiff_t>(
                             std::min(all.size(), static_cast<std::size_t>(std::floor(seconds * a_second))));
  };
  return {at(stretch.from()), at(stretch.to())};
}

double sorted_at(std::vector<double> numbers, double share) {
  if (numbers.empty()) return 0;
  const auto place =
      numbers.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(numbers.size() - 1));
  std::nth_element(numbers.begin(), place, numbers.end());
  return *place;
}

double share_of_flat(const Hearing& heard, Stretch stretch) {
  std::size_t flat = 0;
  for (std::size_t i = stretch.first; i < stretch.last; ++i) {
    flat += heard.frames[i].flat && heard.frames[i].peak >= near_peak * heard.peak ? 1 : 0;
  }
  return static_cast<double>(flat) /
         static_cast<double>(std::max<std::size_t>(1, stretch.last - stretch.first));
}

double total(const BandPowers& spectrum) {
  return std::accumulate(spectrum.begin(), spectrum.end(), 0.0);
}

// The spectra of a stretch in which something sounds.
std::vector<BandPowers> sounding(const Hearing& heard, Stretch stretch) {
  std::vector<BandPowers> spectra = part(heard.spectra, stretch, spectra_a_second);
  double loudest = 0;
  for (const BandPowers& spectrum : spectra) loudest = std::max(loudest, total(spectrum));
  std::erase_if(spectra, [&](const BandPowers& spectrum) {
    return decibels(total(spectrum)) < decibels(loudest) - sounding_range;
  });
  return spectra;
}

// The upper edge of the highest band that ever sounds, in Hz.
double top_of(const Hearing& heard, Stretch stretch) {
  std::array<double, band_edges.size()> levels{};
  const std::vector<BandPowers> spectra = sounding(heard, stretch);
  for (std::size_t band = 0; band < levels.size(); ++band) {
    std::vector<double> powers;
    for (const BandPowers& spectrum : spectra) powers.push_back(spectrum[band]);
    levels[band] = decibels(sorted_at(std::move(powers), band_share));
  }
  const double loudest = *std::max_element(levels.begin(), levels.end());
  std::size_t top = levels.size();
  while (top > 0 && levels[top - 1] < loudest - band_reach) --top;
  return std::min(top == 0 ? 0 : band_edges[top - 1], heard.rate / 2.0);
}

class Examination {
 public:
  Examination(const Hearing& heard, const std::vector<double>& frames, Stretch stretch)
      : heard_(heard),
        stretch_(stretch),
        levels_(levels_of(frames, stretch)) {}

  std::vector<Finding> run(const ChannelPowers& channels) {
    check_length();
    check_flat();
    check_level();
    if (!check_steady()) {
      check_noise();
      check_silence();
      check_speakers();
    }
    check_top();
    check_hum();
    check_constant();
    check_channels(channels);
    std::stable_sort(findings_.begin(), findings_.end(), [](const Finding& left, const Finding& right) {
      return left.severity > right.severity;
    });
    return std::move(findings_);
  }

 private:
  void add(const char* code, Severity severity, std::string sentence, const char* advice) {
    findings_.push_back({code, severity, std::move(sentence), advice});
  }
  void warn(const char* code, std::string sentence, const char* advice) {
    add(code, Severity::warning, std::move(sentence), advice);
  }

  void check_length() {
    if (stretch_.seconds() >= short_seconds) return;
    warn("short",
         fmt::format("only {:.1f} s of sound; a voice wants {} s or more", stretch_.seconds(), short_seconds),
         "record 5 to 10 s of calm speech");
  }

  void check_flat() {
    const double share = share_of_flat(heard_, stretch_);
    if (share < flat_share) return;
    warn("clipped",
         fmt::format("{:.0f} % of it is clipped: the loudest waves are cut off at {:.1f} dB", 100 * share,
                     decibels(static_cast<double>(heard_.peak) * heard_.peak)),
         "record again with the microphone's level turned down");
  }

  void check_level() {
    if (levels_.speech >= quiet_level) return;
    warn("quiet", fmt::format("the speech is at {:.0f} dB, very quiet; usual is {}", levels_.speech, -25),
         "move closer to the microphone, or turn its level up");
  }

  bool check_steady() {
    if (levels_.dips >= few_dips || stretch_.seconds() < steady_seconds) return false;
    std::vector<double> clarities;
    for (const Pitch& pitch : pitches_of(heard_, stretch_)) clarities.push_back(pitch.clarity);
    const bool tonal = sorted_at(std::move(clarities), 0.5) >= tonal_clarity;
    const std::string pauses =
        fmt::format("only {:.0f} % of it is quieter than the rest by 15 dB", 100 * levels_.dips);
    if (tonal) {
      warn("music",
           "it sounds on without the pauses that speech has (" + pauses + "): it may be music or a held tone",
           "use a recording of one person speaking, without music");
    } else {
      warn("noisy", "nothing rises out of a steady sound (" + pauses + "): it may be noise, or music",
           "record in a quiet room, without music");
    }
    return true;
  }

  void check_noise() {
    const double distance = levels_.speech - levels_.noise;
    if (distance >= noisy_distance) return;
    warn("noisy",
         fmt::format("the noise is only {:.0f} dB below the speech (noise {:.0f} dB, speech {:.0f} dB)",
                     distance, levels_.noise, levels_.speech),
         "record in a quiet room, close to the microphone");
  }

  void check_silence() {
    if (levels_.share >= little_speech) return;
    warn("silence", fmt::format("mostly silence: somebody speaks in {:.0f} % of it", 100 * levels_.share),
         "cut the pauses out, or record again speaking all the time");
  }

  void check_speakers() {
    const auto voices = two_voices(pitches_of(heard_, stretch_));
    if (!voices) return;
    warn("speakers",
         fmt::format("it may be two speakers: pitches gather around {:.0f} Hz and {:.0f} Hz", voices->low,
                     voices->high),
         "use a recording of one person");
  }

  void check_top() {
    const double top = top_of(heard_, stretch_);
    if (top >= dull_top) return;
    const std::string sentence =
        fmt::format("the sound ends at {:.1f} kHz; a voice reaches to 8 kHz and more", top / 1000);
    if (top < telephone_top) {
      warn("narrow", sentence + ". It may come from a telephone",
           "record with a microphone at 24 kHz or more");
    } else {
      add("narrow", Severity::note, sentence, "use the recording before it was compressed or resampled");
    }
  }

  void check_hum() {
    std::vector<double> at_50, at_60, beside;
    for (const Hum& hum : part(heard_.hums, stretch_, hums_a_second)) {
      at_50.push_back(hum.at_50);
      at_60.push_back(hum.at_60);
      beside.push_back(hum.beside);
    }
    const double level_50 = decibels(sorted_at(at_50, hum_share));
    const double level_60 = decibels(sorted_at(at_60, hum_share));
    const double level = std::max(level_50, level_60);
    if (level < decibels(sorted_at(beside, hum_share)) + hum_rise || level < levels_.speech - hum_distance)
      return;
    add("hum", Severity::note,
        fmt::format("it hums at {} Hz, {:.0f} dB below the speech", level_50 > level_60 ? 50 : 60,
                    levels_.speech - level),
        "run the recorder from its battery, or use another cable");
  }

  void check_constant() {
    if (std::abs(heard_.constant) < constant_level) return;
    warn("constant",
         fmt::format("its samples lie {:.0f} % of full scale beside zero", 100 * std::abs(heard_.constant)),
         "use another sound card or input, or take the constant part out");
  }

  void check_channels(const ChannelPowers& channels) {
    const double lost = decibels(channels.loudest) - decibels(channels.mean);
    if (channels.channels < 2 || lost < cancelled) return;
    warn("channels",
         fmt::format(
             "its {} channels cancel each other: together they are {:.0f} dB quieter than the loudest alone",
             channels.channels, lost),
         "use one of its channels alone");
  }

  const Hearing& heard_;
  Stretch stretch_;
  Levels levels_;
  std::vector<Finding> findings_;
};

}  // namespace

void refuse_unusable(const std::string& path, const Hearing& heard, const std::vector<double>& frames,
                     const ChannelPowers& channels) {
  const auto refuse = [&](const std::string& why, const char* fix) {
    fail(ErrorCode::audio_invalid, path + " cannot become a voice: " + why, fix);
  };
  if (heard.samples == 0) refuse("it holds no sound", "record it again");
  if (heard.first_broken >= 0) {
    refuse(fmt::format("sample {}, at {:.2f} s, is no number", heard.first_broken,
                       static_cast<double>(heard.first_broken) / heard.rate),
           "export it again as 16-bit WAV or FLAC");
  }
  if (heard.seconds() < shortest_seconds) {
    refuse(fmt::format("it is {:.2f} s long, and {} s are the least", heard.seconds(), shortest_seconds),
           "record 5 to 10 s of calm speech");
  }
  const Stretch whole{0, frames.size()};
  const double loud = levels_of(frames, whole).loud;
  if (loud < silent_level && decibels(channels.loudest) > silent_level) {
    refuse(fmt::format("its {} channels cancel each other to silence", channels.channels),
           "use one of its channels alone");
  }
  if (loud < silent_level) {
    refuse(fmt::format("it is silent (its loudest parts are at {:.0f} dB)", loud),
           "check the microphone and record it again");
  }
  if (const double share = share_of_flat(heard, whole); share > all_flat) {
    refuse(fmt::format("{:.0f} % of it is cut off at its largest value", 100 * share),
           "record it again with the microphone's level turned down");
  }
}

std::vector<Finding> diagnose(const Hearing& heard, const std::vector<double>& frames, Stretch stretch,
                              const ChannelPowers& channels) {
  return Examination(heard, frames, stretch).run(channels);
}

void refuse_warnings(const std::string& path, const std::vector<Finding>& findings) {
  Error error{ErrorCode::audio_invalid, path + " would not make a good voice", {}, {}};
  for (const Finding& finding : findings) {
    if (finding.severity != Severity::warning) continue;
    error.facts.push_back({finding.code, {}, {}, finding.sentence + ". " + finding.advice});
  }
  if (error.facts.empty()) return;
  error.fix = "follow the advice, or bake it without --strict";
  throw Failure(std::move(error));
}

std::string clock_text(double seconds) {
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(std::lround(seconds));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace nightingale

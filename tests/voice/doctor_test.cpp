// What the doctor says of signals whose faults are known.
#include "voice/doctor.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "checkpoint/files.hpp"
#include "voice/speakers.hpp"
#include "voice/speech_like.hpp"

using namespace nightingale;
using test::SpeechLike;

namespace {

Hearing heard(const std::vector<float>& samples, int rate = 24000, std::size_t block = 4096) {
  Listener listener(rate);
  for (std::size_t at = 0; at < samples.size(); at += block) {
    listener.hear(std::span(samples).subspan(at, std::min(block, samples.size() - at)));
  }
  return listener.finish();
}

std::vector<Finding> findings_of(const std::vector<float>& samples, int rate = 24000,
                                 const ChannelPowers& channels = {}) {
  const Hearing hearing = heard(samples, rate);
  const std::vector<double> frames = frame_levels(hearing);
  return diagnose(hearing, frames, {0, frames.size()}, channels);
}

// "clipped quiet": the codes in the order they come.
std::string codes_of(const std::vector<float>& samples, int rate = 24000,
                     const ChannelPowers& channels = {}) {
  std::string codes;
  for (const Finding& finding : findings_of(samples, rate, channels)) {
    codes += (codes.empty() ? "" : " ") + finding.code;
    CHECK(!finding.sentence.empty());
    CHECK(!finding.advice.empty());
  }
  return codes;
}

std::string sentence_of(const std::string& code, const std::vector<float>& samples, int rate = 24000) {
  for (const Finding& finding : findings_of(samples, rate)) {
    if (finding.code == code) return finding.sentence;
  }
  return "nothing";
}

std::string refusal_of(const std::vector<float>& samples, int rate = 24000,
                       const ChannelPowers& channels = {}) {
  const Hearing hearing = heard(samples, rate);
  const Error error =
      test::error_of([&] { refuse_unusable("a.wav", hearing, frame_levels(hearing), channels); });
  CHECK(error.code == ErrorCode::audio_invalid);
  CHECK(!error.fix.empty());
  return error.sentence;
}

std::vector<float> scaled(std::vector<float> samples, float factor, float offset = 0) {
  for (float& sample : samples) sample = sample * factor + offset;
  return samples;
}

std::vector<float> cut_off(std::vector<float> samples, float limit) {
  for (float& sample : samples) sample = std::clamp(sample, -limit, limit);
  return samples;
}

std::vector<float> mixed(std::vector<float> left, const std::vector<float>& right) {
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) left[i] += right[i];
  return left;
}

}  // namespace

TEST_CASE("doctor_finds_nothing_wrong_with_clean_speech_at_any_rate") {
  for (const int rate : {16000, 24000, 44100, 48000, 96000, 192000}) {
    CAPTURE(rate);
    CHECK(codes_of(SpeechLike{.rate = rate, .harmonics = 60}.samples(), rate) == "");
  }
}

TEST_CASE("doctor_hears_the_same_however_a_recording_is_cut_into_blocks") {
  const std::vector<float> samples = SpeechLike{.seconds = 3}.samples();
  const Hearing whole = heard(samples, 24000, samples.size()), pieces = heard(samples, 24000, 997);
  CHECK(frame_levels(whole) == frame_levels(pieces));
  REQUIRE(whole.pitches.size() == pieces.pitches.size());
  for (std::size_t i = 0; i < whole.pitches.size(); ++i)
    CHECK(whole.pitches[i].frequency == pieces.pitches[i].frequency);
  CHECK(whole.spectra == pieces.spectra);
}

TEST_CASE("doctor_says_how_short_a_short_recording_is") {
  CHECK(codes_of(SpeechLike{.seconds = 3.2}.samples()) == "short");
  CHECK(sentence_of("short", SpeechLike{.seconds = 3.2}.samples()) ==
        "only 3.2 s of sound; a voice wants 5 s or more");
}

TEST_CASE("doctor_finds_cut_off_tops_at_full_scale_and_below_it") {
  for (const float limit : {1.F, 0.3F}) {
    CAPTURE(limit);
    const std::vector<float> clipped = cut_off(scaled(SpeechLike{}.samples(), 5 * limit), limit);
    CHECK(sentence_of("clipped", clipped).find("is clipped: the loudest waves are cut off at") !=
          std::string::npos);
  }
}

TEST_CASE("doctor_tells_quiet_speech_by_its_level") {
  CHECK(codes_of(scaled(SpeechLike{.noise = 0}.samples(), 0.01F)) == "quiet");
  CHECK(sentence_of("quiet", scaled(SpeechLike{.noise = 0}.samples(), 0.01F)) ==
        "the speech is at -59 dB, very quiet; usual is -25");
}

TEST_CASE("doctor_tells_noise_by_its_distance_to_the_speech") {
  CHECK(codes_of(SpeechLike{.noise = 0.005}.samples()) == "");
  const std::vector<float> noisy = SpeechLike{.noise = 0.05}.samples();
  CHECK(codes_of(noisy) == "noisy");
  CHECK(sentence_of("noisy", noisy) ==
        "the noise is only 13 dB below the speech (noise -31 dB, speech -18 dB)");
}

TEST_CASE("doctor_does_not_take_digital_silence_for_a_quiet_room") {
  using test::operator+;
  const std::vector<float> noisy = SpeechLike{.noise = 0.05}.samples();
  CHECK(sentence_of("noisy", test::silence(2) + noisy + test::silence(2)) != "nothing");
}

TEST_CASE("doctor_takes_digital_silence_between_words_for_silence") {
  CHECK(codes_of(SpeechLike{.noise = 0}.samples()) == "");
}

TEST_CASE("doctor_finds_a_recording_that_is_mostly_silence") {
  using test::operator+;
  const std::vector<float> word = SpeechLike{.seconds = 1}.samples();
  std::vector<float> samples;
  for (int i = 0; i < 3; ++i) samples = samples + word + scaled(SpeechLike{.seconds = 3}.samples(), 0.0005F);
  CHECK(codes_of(samples) == "silence");
}

TEST_CASE("doctor_hears_a_held_tone_as_music_and_a_steady_hiss_as_noise") {
  CHECK(codes_of(test::sine(6, 24000, 220, 0.3)) == "music narrow");
  CHECK(codes_of(SpeechLike{.seconds = 6, .loudness = 0, .noise = 0.1}.samples()) == "noisy");
}

TEST_CASE("doctor_suspects_two_speakers_where_a_low_and_a_high_voice_take_turns") {
  using test::operator+;
  const std::vector<float> low = SpeechLike{.seconds = 4, .pitch = 105}.samples();
  const std::vector<float> high = SpeechLike{.seconds = 4, .pitch = 210}.samples();
  CHECK(codes_of(low + high) == "speakers");
  CHECK(sentence_of("speakers", low + high) ==
        "it may be two speakers: pitches gather around 105 Hz and 211 Hz");
  CHECK(codes_of(low + SpeechLike{.seconds = 4, .pitch = 130}.samples()) == "");
}

TEST_CASE("doctor_tells_where_a_telephone_ends") {
  CHECK(codes_of(SpeechLike{.rate = 8000}.samples(), 8000) == "narrow");
  CHECK(sentence_of("narrow", SpeechLike{.rate = 8000}.samples(), 8000) ==
        "the sound ends at 4.0 kHz; a voice reaches to 8 kHz and more. It may come from a telephone");
}

TEST_CASE("doctor_tells_a_hum_by_its_frequency") {
  for (const int mains : {50, 60}) {
    const std::vector<float> humming = mixed(SpeechLike{}.samples(), test::sine(8, 24000, mains, 0.005));
    CHECK(sentence_of("hum", humming).find("it hums at " + std::to_string(mains) + " Hz") == 0);
  }
  CHECK(sentence_of("hum", SpeechLike{.pitch = 100}.samples()) == "nothing");
}

TEST_CASE("doctor_finds_a_constant_part_and_measures_the_rest_without_it") {
  const std::vector<float> shifted = scaled(SpeechLike{}.samples(), 1, 0.1F);
  CHECK(codes_of(shifted) == "constant");
  CHECK(sentence_of("constant", shifted) == "its samples lie 10 % of full scale beside zero");
}

TEST_CASE("doctor_finds_channels_that_cancel_each_other") {
  const std::vector<float> samples = SpeechLike{}.samples();
  CHECK(codes_of(samples, 24000, {2, 0.01, 0.0005}) == "channels");
  CHECK(codes_of(samples, 24000, {2, 0.01, 0.0026}) == "");
  CHECK(codes_of(samples, 24000, {8, 0.01, 0.01}) == "");
  CHECK(refusal_of(test::silence(6), 24000, {2, 0.01, 0}) ==
        "a.wav cannot become a voice: its 2 channels cancel each other to silence");
}

TEST_CASE("doctor_refuses_in_one_sentence_what_cannot_be_baked") {
  CHECK(refusal_of({}) == "a.wav cannot become a voice: it holds no sound");
  CHECK(refusal_of(SpeechLike{.seconds = 0.1}.samples()) ==
        "a.wav cannot become a voice: it is 0.10 s long, and 0.5 s are the least");
  CHECK(refusal_of(test::silence(6)) ==
        "a.wav cannot become a voice: it is silent (its loudest parts are at -120 dB)");
  CHECK(refusal_of(cut_off(test::sine(6, 24000, 220, 1e6), 1)) ==
        "a.wav cannot become a voice: 100 % of it is cut off at its largest value");
  std::vector<float> broken = SpeechLike{}.samples();
  broken[36000] = std::numeric_limits<float>::quiet_NaN();
  CHECK(refusal_of(broken) == "a.wav cannot become a voice: sample 36000, at 1.50 s, is no number");
}

TEST_CASE("doctor_hears_recordings_of_any_length_and_odd_rates_without_harm") {
  for (const int rate : {1, 19, 60, 4000, 8000, 11025, 192000}) {
    for (const std::size_t length : {0, 1, 2, 3, 240, 4801}) {
      CAPTURE(rate);
      CAPTURE(length);
      const Hearing hearing = heard(std::vector<float>(length, 0.1F), rate);
      const std::vector<double> frames = frame_levels(hearing);
      diagnose(hearing, frames, {0, frames.size()}, {});
      CHECK(hearing.samples == static_cast<std::int64_t>(length));
    }
  }
}

TEST_CASE("doctor_keeps_time_at_rates_that_do_not_divide") {
  for (const int rate : {8000, 11025, 22254, 44100}) {
    CAPTURE(rate);
    const Hearing hearing = heard(std::vector<float>(static_cast<std::size_t>(60 * rate), 0.1F), rate);
    CHECK(hearing.frames.size() == 3000);
    CHECK(hearing.pitches.size() == 1200);
    CHECK(hearing.spectra.size() == 600);
    CHECK(hearing.hums.size() == 120);
  }
}

TEST_CASE("doctor_chooses_from_ten_seconds_and_one_sample") {
  for (const int rate : {8000, 11025, 22254}) {
    const std::vector<float> samples = SpeechLike{.seconds = 11, .rate = rate}.samples();
    const Hearing hearing = heard({samples.begin(), samples.begin() + 10 * rate + 1}, rate);
    const std::vector<double> frames = frame_levels(hearing);
    CHECK(choose_stretch(hearing, frames).stretch.last <= frames.size());
  }
}

TEST_CASE("strict_puts_all_warnings_into_one_report_and_leaves_notes_out") {
  const Finding warning{"clipped", Finding::Severity::warning, "it is clipped", "turn it down"};
  const Finding note{"hum", Finding::Severity::note, "it hums", "use a battery"};
  refuse_warnings("a.wav", {note});
  const Error error = test::error_of([&] { refuse_warnings("a.wav", {warning, warning, note}); });
  CHECK(error.code == ErrorCode::audio_invalid);
  CHECK(error.sentence == "a.wav would not make a good voice");
  REQUIRE(error.facts.size() == 2);
  CHECK(error.facts[0].subject == "clipped");
  CHECK(error.facts[0].origin == "it is clipped. turn it down");
}

TEST_CASE("times_are_told_as_a_clock_shows_them") {
  CHECK(clock_text(9.94) == "9.9 s");
  CHECK(clock_text(75) == "1:15");
  CHECK(clock_text(3 * 3600 + 12 * 60 + 5.2) == "3:12:05");
}

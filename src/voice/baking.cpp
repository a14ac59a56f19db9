#include "voice/baking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/failure.hpp"
#include "base/sha256.hpp"
#include "nightingale/version.h"
#include "voice/array_names.hpp"
#include "voice/clip.hpp"
#include "voice/doctor.hpp"

namespace nightingale {

namespace {

constexpr float largest_sample = 32767.F;  // of 16 bits, as audio_file.cpp writes them

constexpr double least_told = 0.1;  // s of silence that are worth a word

struct Heard {
  Hearing hearing;
  ChannelPowers channels;
};

Heard hear(const std::string& path, const BakeOptions& options) {
  RecordingReader reader(path);
  Listener listener(reader.rate());
  ChannelMeter meter(reader.channels());
  for (std::span<const float> block = reader.next(); !block.empty(); block = reader.next()) {
    listener.hear(block);
    meter.add(reader.channels_of_block(), block);
    report_progress(options, "listening", reader.frames_read(),
                    std::max(reader.frames_read(), reader.frames_claimed()));
  }
  Heard heard{listener.finish(), meter.powers()};
  return heard;
}

std::string what_was_done(const Choice& choice, double seconds, const BakeOptions& options) {
  std::string did;
  if (options.as_is && seconds > longest_clip_seconds) {
    did = "took the first " + clock_text(longest_clip_seconds) + " of " + clock_text(seconds);
  }
  if (choice.picked) {
    did = fmt::format("took {:.1f} s to {:.1f} s of {}", choice.stretch.from(), choice.stretch.to(),
                      clock_text(seconds));
  }
  if (choice.trimmed >= least_told) {
    did += fmt::format("{}trimmed {:.1f} s of silence", did.empty() ? "" : "; ", choice.trimmed);
  }
  return did;
}

Choice choose(const Hearing& heard, const std::vector<double>& frames, const BakeOptions& options) {
  if (!options.as_is) return choose_stretch(heard, frames);
  const auto most = static_cast<std::size_t>(longest_stretch_seconds * frames_a_second);
  return {{0, std::min(frames.size(), most)}, 0, false};
}

// Whole recordings are decoded as one, so that no sample differs from upstream's.
std::vector<float> clip_of(const std::string& path, const Choice& choice, std::size_t frames,
                           const BakeOptions& options) {
  const bool whole = choice.stretch.first == 0 && choice.stretch.last == frames;
  if (options.as_is || whole) return read_clip(path);
  return read_clip(path, choice.stretch.from(), choice.stretch.to());
}

std::vector<std::int16_t> preview_of(std::span<const float> samples) {
  const auto most = static_cast<std::size_t>(longest_preview_seconds * clip_rate);
  std::vector<std::int16_t> preview;
  for (const float sample : samples.first(std::min(most, samples.size()))) {
    preview.push_back(static_cast<std::int16_t>(std::lrint(std::clamp(sample, -1.F, 1.F) * largest_sample)));
  }
  return preview;
}

}  // namespace

void report_progress(const BakeOptions& options, std::string_view stage, std::int64_t done, std::int64_t of) {
  if (!options.progress) return;
  Progress progress;
  progress.stage = stage;
  progress.done = done;
  progress.of = of;
  if (options.progress(progress) != Going::on) fail(ErrorCode::cancelled, "baking was stopped");
}

std::string recording_sha256(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Sha256 sum;
  std::vector<char> block(1 << 20);
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    sum.add(std::as_bytes(std::span(block).first(static_cast<std::size_t>(file.gcount()))));
  }
  if (!file.eof()) fail(ErrorCode::audio_invalid, "cannot read the recording " + path, "check the path");
  return sum.finish();
}

std::vector<float> usable_clip(const std::string& recording) {
  const Heard heard = hear(recording, {});
  refuse_unusable(recording, heard.hearing, frame_levels(heard.hearing), heard.channels);
  return read_clip(recording);
}

BakedVoice bake_recording(const std::string& recording, const BakeOptions& options,
                          const std::string& variant, const ArraysOf& arrays_of) {
  const Heard heard = hear(recording, options);
  const std::vector<double> frames = frame_levels(heard.hearing);
  refuse_unusable(recording, heard.hearing, frames, heard.channels);
  const Choice choice = choose(heard.hearing, frames, options);
  BakedVoice baked;
  baked.findings = diagnose(heard.hearing, frames, choice.stretch, heard.channels);
  if (options.strict) refuse_warnings(recording, baked.findings);
  baked.did = what_was_done(choice, heard.hearing.seconds(), options);

  const std::vector<float> samples = clip_of(recording, choice, frames.size(), options);
  baked.voice.arrays = arrays_of(samples);
  if (options.preview) baked.voice.preview = preview_of(samples);
  const double seconds = heard.hearing.seconds();
  const bool to_the_end = choice.stretch.last == frames.size();
  const double stretch_end = to_the_end ? seconds : choice.stretch.to();
  baked.voice.facts = {.name = options.name,
                       .language = options.language,
                       .licence = options.licence,
                       .consent = options.consent,
                       .source = std::filesystem::path(recording).filename().string(),
                       .source_sha256 = recording_sha256(recording),
                       .source_rate = heard.hearing.rate,
                       .source_seconds = seconds,
                       .baked_from = choice.stretch.from(),
                       .baked_to = options.as_is ? std::min(seconds, longest_clip_seconds) : stretch_end,
                       .variant = variant,
                       .created_by = std::string("nightingale ") + NIGHTINGALE_VERSION};
  return baked;
}

}  // namespace nightingale

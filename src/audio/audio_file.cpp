#include "audio/audio_file.hpp"

#include <fmt/format.h>
#include <sndfile.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>

#include "base/failure.hpp"
#include "base/replace_file.hpp"

namespace nightingale {
namespace {

struct FormatFacts {
  AudioFormat format;
  std::string_view name;
  std::string_view ending;
  int sndfile;
};

// The first of an ending is what the ending stands for.
constexpr std::array<FormatFacts, 6> formats = {{
    {AudioFormat::wav, "wav", ".wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16},
    {AudioFormat::wav_float, "wav-float", ".wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT},
    {AudioFormat::flac, "flac", ".flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
    {AudioFormat::ogg, "ogg", ".ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS},
    {AudioFormat::opus, "opus", ".opus", SF_FORMAT_OGG | SF_FORMAT_OPUS},
    {AudioFormat::mp3, "mp3", ".mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III},
}};

constexpr float largest_sample = 32767.f;    // of 16 bits; -32768 is not used, so that ±1 are equally loud
constexpr std::size_t block_samples = 4096;  // libsndfile puts what it is given for Vorbis on the stack

const FormatFacts& facts_of(AudioFormat format) {
  return formats[static_cast<std::size_t>(format)];
}

struct CloseSound {
  void operator()(SNDFILE* file) const { sf_close(file); }
};
using Sound = std::unique_ptr<SNDFILE, CloseSound>;

// A file in memory, as libsndfile wants one: it seeks back to complete the header.
struct MemoryFile {
  std::vector<std::byte> bytes;
  std::size_t place = 0;
};

sf_count_t memory_length(void* user) {
  return static_cast<sf_count_t>(static_cast<MemoryFile*>(user)->bytes.size());
}

sf_count_t memory_tell(void* user) {
  return static_cast<sf_count_t>(static_cast<MemoryFile*>(user)->place);
}

sf_count_t memory_seek(sf_count_t offset, int whence, void* user) {
  auto& file = *static_cast<MemoryFile*>(user);
  sf_count_t base = 0;
  if (whence == SEEK_CUR) base = memory_tell(user);
  if (whence == SEEK_END) base = memory_length(user);
  if (base + offset < 0) return -1;
  file.place = static_cast<std::size_t>(base + offset);
  return base + offset;
}

sf_count_t memory_read(void* target, sf_count_t count, void* user) {
  auto& file = *static_cast<MemoryFile*>(user);
  if (file.place >= file.bytes.size()) return 0;
  const std::size_t length = std::min(static_cast<std::size_t>(count), file.bytes.size() - file.place);
  std::memcpy(target, file.bytes.data() + file.place, length);
  file.place += length;
  return static_cast<sf_count_t>(length);
}

sf_count_t memory_write(const void* source, sf_count_t count, void* user) {
  auto& file = *static_cast<MemoryFile*>(user);
  const auto length = static_cast<std::size_t>(count);
  if (file.bytes.size() < file.place + length) file.bytes.resize(file.place + length);
  std::memcpy(file.bytes.data() + file.place, source, length);
  file.place += length;
  return count;
}

[[noreturn]] void fail_to_encode(AudioFormat format, int rate, SNDFILE* sound) {
  fail(ErrorCode::output_failed, fmt::format("cannot encode {} at {} samples a second: {}",
                                             facts_of(format).name, rate, sf_strerror(sound)));
}

// libsndfile would make a FLAC file without samples into no file at all.
void check_samples(std::span<const float> samples) {
  if (samples.empty()) fail(ErrorCode::output_failed, "there are no samples to write");
  const auto found =
      std::find_if(samples.begin(), samples.end(), [](float sample) { return std::isnan(sample); });
  if (found != samples.end()) {
    fail(ErrorCode::internal,
         fmt::format("sample {} of {} is no number", found - samples.begin(), samples.size()));
  }
}

sf_count_t write_16_bits(SNDFILE* sound, std::span<const float> samples) {
  std::vector<std::int16_t> rounded(samples.size());
  std::transform(samples.begin(), samples.end(), rounded.begin(), [](float sample) {
    return static_cast<std::int16_t>(std::lrint(std::clamp(sample, -1.f, 1.f) * largest_sample));
  });
  return sf_write_short(sound, rounded.data(), std::ssize(rounded));
}

sf_count_t write_clipped(SNDFILE* sound, std::span<const float> samples) {
  std::vector<float> clipped(samples.size());
  std::transform(samples.begin(), samples.end(), clipped.begin(),
                 [](float sample) { return std::clamp(sample, -1.f, 1.f); });
  return sf_write_float(sound, clipped.data(), std::ssize(clipped));
}

sf_count_t write_block(SNDFILE* sound, std::span<const float> samples, AudioFormat format) {
  switch (format) {
    case AudioFormat::wav:
    case AudioFormat::flac: return write_16_bits(sound, samples);
    case AudioFormat::wav_float: return sf_write_float(sound, samples.data(), std::ssize(samples));
    default: return write_clipped(sound, samples);
  }
}

SF_INFO info_of(int rate, AudioFormat format) {
  SF_INFO info = {};
  info.samplerate = rate;
  info.channels = 1;
  info.format = facts_of(format).sndfile;
  return info;
}

void write_all(SNDFILE* sound, std::span<const float> samples, int rate, AudioFormat format) {
  while (!samples.empty()) {
    const std::span<const float> block = samples.first(std::min(block_samples, samples.size()));
    if (write_block(sound, block, format) != std::ssize(block)) fail_to_encode(format, rate, sound);
    samples = samples.subspan(block.size());
  }
}

}  // namespace

std::string_view name_of(AudioFormat format) {
  return facts_of(format).name;
}

AudioFormat audio_format_named(std::string_view name) {
  for (const FormatFacts& facts : formats) {
    if (facts.name == name) return facts.format;
  }
  fail(ErrorCode::option_invalid, fmt::format("the audio format \"{}\" cannot be written", name),
       "choose wav, wav-float, flac, ogg, opus or mp3");
}

AudioFormat audio_format_of(const std::string& path) {
  std::string ending = std::filesystem::path(path).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
  });
  for (const FormatFacts& facts : formats) {
    if (facts.ending == ending) return facts.format;
  }
  fail(ErrorCode::option_invalid,
       ending.empty() ? fmt::format("{} has no ending that tells the audio format", path)
                      : fmt::format("{}: the audio format \"{}\" cannot be written", path, ending.substr(1)),
       "name the file .wav, .flac, .ogg, .opus or .mp3, or name the format");
}

std::vector<std::byte> encode_audio(std::span<const float> samples, int rate, AudioFormat format) {
  check_samples(samples);
  MemoryFile memory;
  SF_VIRTUAL_IO access = {memory_length, memory_seek, memory_read, memory_write, memory_tell};
  SF_INFO info = info_of(rate, format);
  Sound sound(sf_open_virtual(&access, SFM_WRITE, &info, &memory));
  if (!sound) fail_to_encode(format, rate, nullptr);
  write_all(sound.get(), samples, rate, format);
  sound.reset();
  return std::move(memory.bytes);
}

void write_audio(const std::string& path, std::span<const float> samples, int rate, AudioFormat format) {
  replace_file(path, {encode_audio(samples, rate, format)});
}

struct AudioWriter::Sound {
  nightingale::Sound file;
  int rate;
  AudioFormat format;
};

AudioWriter::AudioWriter(const std::string& path, int rate, AudioFormat format)
    : file_(path) {
  SF_INFO info = info_of(rate, format);
  sound_ = std::make_unique<Sound>(
      Sound{nightingale::Sound(sf_open(file_.place().c_str(), SFM_WRITE, &info)), rate, format});
  if (!sound_->file) fail_to_encode(format, rate, nullptr);
}

AudioWriter::~AudioWriter() = default;

void AudioWriter::write(std::span<const float> samples) {
  if (samples.empty()) return;
  check_samples(samples);
  write_all(sound_->file.get(), samples, sound_->rate, sound_->format);
  written_ += samples.size();
}

void AudioWriter::finish() {
  if (written_ == 0) fail(ErrorCode::output_failed, "there are no samples to write");
  sound_.reset();
  file_.commit();
}

}  // namespace nightingale

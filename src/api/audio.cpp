// Audio files of the public API.
#include "audio/audio_file.hpp"

#include "api/guarded.hpp"
#include "base/replace_file.hpp"
#include "nightingale/nightingale.hpp"

namespace nightingale {

namespace {

AudioFormat format_of(const std::string& path, const std::string& format) {
  return format.empty() ? audio_format_of(path) : audio_format_named(format);
}

}  // namespace

Result<Done> write_audio(const Audio& audio, const std::string& path, const std::string& format) {
  return guarded([&] {
    write_audio(path, audio.samples, sample_rate, format_of(path, format));
    return Done{};
  });
}

Result<Done> check_output(const std::string& path, const std::string& format) {
  return guarded([&] {
    format_of(path, format);
    if (!path.empty()) check_replaceable(path);
    return Done{};
  });
}

Result<std::vector<std::byte>> encode_audio(const Audio& audio, const std::string& format) {
  return guarded([&] { return encode_audio(audio.samples, sample_rate, audio_format_named(format)); });
}

}  // namespace nightingale

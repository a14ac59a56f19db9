// Converter: a recording and a voice in, the recording in that voice out.
#include <algorithm>

#include "api/guarded.hpp"
#include "api/open_model.hpp"
#include "api/stage_times.hpp"
#include "audio/audio_file.hpp"
#include "nightingale/nightingale.hpp"
#include "synthesis/conversion.hpp"
#include "synthesis/model_folder.hpp"
#include "voice/voice.hpp"

namespace nightingale {

namespace {

Audio audio_of(Converted converted) {
  Audio audio;
  tell_stages(converted, static_cast<std::int64_t>(converted.tokens.size()), converted.samples, audio);
  audio.tokens = {std::move(converted.tokens)};
  return audio;
}

}  // namespace

Result<Converter> Converter::open(const std::string& model, const EngineOptions& options) {
  return guarded([&] {
    const std::string s3gen = find_conversion_model(model);
    const std::string watermark = options.watermark ? watermark_file(options.watermark_weights) : "";
    return Converter(std::make_shared<const ConversionModel>(s3gen, make_substrate(options), watermark));
  });
}

Result<Audio> Converter::convert(const std::string& recording, const Voice& voice,
                                 const ConvertRequest& request) const {
  return guarded([&] {
    std::vector<float> samples;
    Audio audio =
        audio_of(nightingale::convert(*model_, voice.kept_->arrays, recording, request, into(samples)));
    audio.samples = std::move(samples);
    return audio;
  });
}

Result<Audio> Converter::convert_to_file(const std::string& recording, const Voice& voice,
                                         const std::string& path, const std::string& format,
                                         const ConvertRequest& request) const {
  return guarded([&] {
    AudioWriter writer(path, sample_rate,
                       format.empty() ? audio_format_of(path) : audio_format_named(format));
    const auto sink = [&](std::span<const float> samples) { writer.write(samples); };
    Audio audio = audio_of(nightingale::convert(*model_, voice.kept_->arrays, recording, request, sink));
    writer.finish();
    return audio;
  });
}

}  // namespace nightingale
